// Threads that admit, patch, associate, extend and report together: no token
// and no request of a quota is lost or invented.

#include <atomic>
#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/enforcer/enforcer.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/patch_operation.pb.h"
#include "weir/proto/usage.pb.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/tests/patch_operations.h"
#include "weir/tests/time_constants.h"

namespace weir {
namespace {

constexpr int kThreads = 3;
constexpr int64_t kStart = 20'500 * kDay;  // 2026-02-16

std::string date(Instant now) {
  return absl::FormatTime("%Y-%m-%d", absl::FromUnixNanos(now.unix_ns),
                          absl::UTCTimeZone());
}

class ConcurrencyTest : public ::testing::Test {
 protected:
  ConcurrencyTest() {
    Options options;
    options.clock = clock_;
    enforcer_ = *Enforcer::create(options);
  }

  v1::UsagePlan plan(double rate, int64_t burst) {
    v1::UsagePlan plan;
    plan.set_id("plan");
    plan.set_name("plan");
    v1::ApiStage* stage = plan.add_api_stages();
    stage->set_api_id("api");
    stage->set_stage("prod");
    plan.mutable_throttle()->set_rate_limit(rate);
    plan.mutable_throttle()->set_burst_limit(burst);
    return plan;
  }
  void set_up(const v1::UsagePlan& plan, int keys) {
    ASSERT_TRUE(enforcer_->create_usage_plan(plan).ok());
    for (int i = 0; i < keys; ++i) add_key(i);
    route_ = *enforcer_->intern_route("api", "prod");
  }
  void add_key(int i) {
    v1::ApiKey key;
    key.set_id(absl::StrCat("id-", i));
    key.set_value(value(i));
    key.set_enabled(true);
    ASSERT_TRUE(enforcer_->create_api_key(key).ok());
    ASSERT_TRUE(
        enforcer_->create_usage_plan_key("plan", absl::StrCat("id-", i)).ok());
  }
  static std::string value(int i) {
    return absl::StrCat("a-key-with-the-number-", i);
  }
  bool admit(int key) {
    return enforcer_->admit({value(key), route_, 1, std::nullopt}).admitted();
  }
  // Runs `body(thread)` in kThreads threads.
  template <class Body>
  static void together(Body body) {
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) threads.emplace_back(body, t);
    for (std::thread& thread : threads) thread.join();
  }

  const std::shared_ptr<ManualClock> clock_ =
      std::make_shared<ManualClock>(kStart);
  std::unique_ptr<Enforcer> enforcer_;
  Route route_;
};

// A request that finds a key's plan finds all of it: the first one, and another
// beside it.
TEST_F(ConcurrencyTest, AssociationsAreWholeWhenTheyAreFound) {
  constexpr int kKeys = 300;
  v1::UsagePlan first = plan(0, 1);
  first.mutable_quota()->set_limit(1);
  first.mutable_quota()->set_period(v1::DAY);
  v1::UsagePlan second = first;
  second.set_id("second");
  second.mutable_api_stages(0)->set_stage("test");
  for (const v1::UsagePlan& plan : {first, second}) {
    ASSERT_TRUE(enforcer_->create_usage_plan(plan).ok());
  }
  for (int i = 0; i < kKeys; ++i) {
    v1::ApiKey key;
    key.set_id(absl::StrCat("id-", i));
    key.set_value(value(i));
    key.set_enabled(true);
    ASSERT_TRUE(enforcer_->create_api_key(key).ok());
  }
  const Route routes[] = {*enforcer_->intern_route("api", "prod"),
                          *enforcer_->intern_route("api", "test")};
  // Relaxed, so that it orders nothing: how many associations were awaited.
  std::atomic<int> awaited{0};
  std::thread client([&] {
    for (int i = 0; i < kKeys; ++i) {
      const std::string key = value(i);
      for (const Route route : routes) {
        awaited.fetch_add(1, std::memory_order_relaxed);
        Decision decision = enforcer_->admit({key, route});
        while (decision.forbidden == Forbidden::kNoPlan) {
          std::this_thread::yield();
          decision = enforcer_->admit({key, route});
        }
        ASSERT_TRUE(decision.admitted());
        ASSERT_EQ(decision.quota_remaining, 0);
      }
    }
  });
  for (int i = 0; i < kKeys; ++i) {
    for (const char* plan : {"plan", "second"}) {
      while (awaited.load(std::memory_order_relaxed) <=
             2 * i + (std::string_view(plan) == "second")) {
        std::this_thread::yield();
      }
      ASSERT_TRUE(
          enforcer_->create_usage_plan_key(plan, absl::StrCat("id-", i)).ok());
    }
  }
  client.join();
}

TEST_F(ConcurrencyTest, BurstIsAdmittedExactly) {
  set_up(plan(0, 30'000), 1);
  std::atomic<int64_t> admitted{0};
  together([&](int) {
    for (int i = 0; i < 20'000; ++i) admitted += admit(0);
  });
  EXPECT_EQ(admitted, 30'000);
}

TEST_F(ConcurrencyTest, QuotaIsAdmittedExactlyBesideAThrottle) {
  v1::UsagePlan p = plan(0, 1'000'000);
  p.mutable_quota()->set_limit(25'000);
  p.mutable_quota()->set_period(v1::DAY);
  set_up(p, 1);
  std::atomic<int64_t> admitted{0};
  together([&](int) {
    for (int i = 0; i < 20'000; ++i) admitted += admit(0);
  });
  EXPECT_EQ(admitted, 25'000);
  // Whatever was taken from the bucket for a request that the quota refused
  // came back.
  const Decision d = enforcer_->admit({value(0), route_, 0, std::nullopt});
  EXPECT_EQ(d.tokens_remaining(), 1'000'000 - 25'000);
}

// Time stands still, so no rate produces anything: exactly the burst passes,
// and afterwards exactly what the last rate yields.
TEST_F(ConcurrencyTest, PatchesNeitherLoseNorInventTokens) {
  for (const std::vector<int64_t>& rates :
       {std::vector<int64_t>{1000, 2000, 500, 3000},
        // So far apart that token time changes its scale with every patch.
        std::vector<int64_t>{1000, 1'000'000, 1, 1'000'000'000}}) {
    enforcer_ = *Enforcer::create([&] {
      Options options;
      options.clock = clock_;
      return options;
    }());
    set_up(plan(1000, 100), 1);
    std::atomic<bool> stop{false};
    std::atomic<int64_t> admitted{0};
    std::thread operator_thread([&] {
      for (size_t i = 0; !stop; ++i) {
        ASSERT_TRUE(enforcer_
                        ->apply_patch("plan", {replace("/throttle/rateLimit",
                                                       rates[i % 4])})
                        .ok());
      }
    });
    together([&](int) {
      for (int i = 0; i < 20'000; ++i) admitted += admit(0);
    });
    stop = true;
    operator_thread.join();
    EXPECT_EQ(admitted, 100);
    ASSERT_TRUE(
        enforcer_->apply_patch("plan", {replace("/throttle/rateLimit", 10)})
            .ok());
    clock_->advance(kSecond);
    int64_t later = 0;
    while (admit(0)) ++later;
    // Many changes of scale while nothing refills make units coarse, and what
    // is not yet a whole unit is not yet a token.
    EXPECT_LE(later, 10);
    EXPECT_GE(later, rates[1] == 2000 ? 10 : 9);
  }
}

TEST_F(ConcurrencyTest, DailyUsageIsWhatWasAdmittedAcrossMidnightsAndPatches) {
  v1::UsagePlan p = plan(0, 0);
  p.clear_throttle();
  p.mutable_quota()->set_limit(1'000'000'000);
  p.mutable_quota()->set_period(v1::MONTH);
  constexpr int kKeys = 4;
  constexpr int kDays = 60;
  set_up(p, kKeys);
  std::vector<std::atomic<int64_t>> admitted(kKeys);
  std::atomic<bool> stop{false};
  std::thread operator_thread([&] {
    const char* periods[] = {"MONTH", "DAY", "WEEK"};
    for (int i = 0; !stop; ++i) {
      v1::PatchOperation period = replace("/quota/period", 0);
      period.mutable_value()->set_string_value(periods[i % 3]);
      ASSERT_TRUE(enforcer_->apply_patch("plan", {period}).ok());
      ASSERT_TRUE(enforcer_
                      ->update_usage("plan", absl::StrCat("id-", i % kKeys),
                                     {replace("/remaining", 900'000'000)})
                      .ok());
      ASSERT_TRUE(enforcer_
                      ->get_usage({"plan",
                                   date(clock_->now() + -30 * kDay),
                                   date(clock_->now()),
                                   "",
                                   {}})
                      .ok());
    }
  });
  std::thread midnight([&] {
    for (int day = 0; day < kDays; ++day) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      clock_->advance(kDay);
    }
    stop = true;
  });
  together([&](int t) {
    for (int i = t; !stop; ++i) admitted[i % kKeys] += admit(i % kKeys);
  });
  midnight.join();
  operator_thread.join();
  const auto usage = enforcer_->get_usage(
      {"plan", date({0, kStart}), date(clock_->now()), "", {}});
  ASSERT_TRUE(usage.ok()) << usage.status();
  ASSERT_EQ(usage->items_size(), kKeys);
  for (int i = 0; i < kKeys; ++i) {
    int64_t logged = 0;
    for (const auto& day : usage->items(kKeys - 1 - i).days()) {
      logged += day.used();
    }
    EXPECT_EQ(logged, admitted[i]) << i;
    EXPECT_GT(logged, 0);
  }
}

// Keys come and go under the readers' feet, with all that hangs on them.
TEST_F(ConcurrencyTest, ChurnOfKeysAndMethodsIsSafe) {
  v1::UsagePlan p = plan(0, 1'000'000'000);
  set_up(p, 1);
  const Route method = *enforcer_->intern_route("api", "prod", "/pets/GET");
  std::atomic<bool> stop{false};
  std::atomic<int64_t> staying{0};
  std::thread churn([&] {
    const v1::PatchOperation remove =
        operation("remove", "/apiStages/api:prod/throttle//pets/GET");
    for (int i = 0; i < 300; ++i) {
      add_key(1 + i % 5);
      ASSERT_TRUE(
          enforcer_
              ->apply_patch(
                  "plan",
                  {replace("/apiStages/api:prod/throttle//pets/GET/burstLimit",
                           1'000'000'000)})
              .ok());
      ASSERT_TRUE(enforcer_->apply_patch("plan", {remove}).ok());
      ASSERT_TRUE(
          enforcer_->delete_api_key(absl::StrCat("id-", 1 + i % 5)).ok());
    }
    stop = true;
  });
  together([&](int t) {
    std::mt19937 random(t);
    while (!stop) {
      const int key = static_cast<int>(random() % 6);
      const Decision d = enforcer_->admit(
          {value(key), random() % 2 == 0 ? route_ : method, 1, std::nullopt});
      if (key == 0) {
        ASSERT_TRUE(d.admitted());
        ++staying;
      } else {
        ASSERT_TRUE(d.admitted() || d.outcome == Outcome::kForbidden);
      }
    }
  });
  churn.join();
  const auto usage = enforcer_->get_usage(
      {"plan", date(clock_->now()), date(clock_->now()), "id-0", {}});
  EXPECT_EQ(usage->items(0).days(0).used(), staying);
}

TEST_F(ConcurrencyTest, ThreadsComeAndGo) {
  set_up(plan(0, 1'000'000), 1);
  std::atomic<int64_t> admitted{0};
  for (int round = 0; round < 100; ++round) {
    together([&](int) { admitted += admit(0); });
    ASSERT_TRUE(
        enforcer_->apply_patch("plan", {replace("/throttle/rateLimit", round)})
            .ok());
  }
  EXPECT_EQ(admitted, 100 * kThreads);
}

TEST_F(ConcurrencyTest, ManyEnforcersShareAThread) {
  set_up(plan(0, 10), 1);
  const std::shared_ptr<ManualClock> clock = clock_;
  Options options;
  options.clock = clock;
  for (int i = 0; i < 50; ++i) {
    const auto other = *Enforcer::create(options);
    EXPECT_EQ(other->admit({value(0), route_, 1, std::nullopt}).forbidden,
              Forbidden::kUnknownKey);
  }
  EXPECT_TRUE(admit(0));
}

}  // namespace
}  // namespace weir
