// LeaseManager, from outside: threads on one key, with Enforcer::maintain()
// beside them. No limit is exceeded, and nothing is lost.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
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
#include "weir/store/sqlite_store.h"
#include "weir/tests/in_child.h"
#include "weir/tests/patch_operations.h"
#include "weir/tests/time_constants.h"
#include "weir/throttle/rate.h"
#include "weir/throttle/testing/exact_bucket.h"

namespace weir {
namespace {

constexpr int64_t kNoon = 20'500 * kDay + kDay / 2;  // 2026-02-16
constexpr int kThreads = 3;
constexpr int64_t kMax = 2'000'000'000;  // tokens that last

std::string date(int64_t unix_ns) {
  return absl::FormatTime("%Y-%m-%d", absl::FromUnixNanos(unix_ns),
                          absl::UTCTimeZone());
}

// Stands still, and holds up those who read it in a thread that says so.
class HoldingClock final : public Clock {
 public:
  Instant now() noexcept override {
    if (is_held) {
      is_inside = true;
      while (!let_go) std::this_thread::yield();
    }
    return {kNoon, kNoon};
  }

  static inline thread_local bool is_held = false;
  std::atomic<bool> is_inside{false};
  std::atomic<bool> let_go{false};
};

class LeaseTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::thread::hardware_concurrency() < 2) {
      GTEST_SKIP() << "threads do not collide on one processor";
    }
  }
  void set_up(double rate, int64_t burst, int64_t daily_quota,
              MethodThrottle method_throttle = MethodThrottle::kReplacesPlan) {
    set_up(rate, burst, daily_quota, method_throttle, clock_);
  }
  void set_up(double rate, int64_t burst, int64_t daily_quota,
              MethodThrottle method_throttle, std::shared_ptr<Clock> clock) {
    v1::UsagePlan plan = plan_of_one_stage();
    plan.mutable_throttle()->set_rate_limit(rate);
    plan.mutable_throttle()->set_burst_limit(burst);
    if (method_throttle == MethodThrottle::kAddsToPlan) {
      throttle_method(plan, rate, burst);
    }
    if (daily_quota > 0) set_daily_quota(plan, daily_quota);
    set_up(plan, method_throttle, clock);
  }
  void set_up(const v1::UsagePlan& plan, MethodThrottle method_throttle,
              std::shared_ptr<Clock> clock) {
    Options options;
    options.clock = clock;
    options.lease_threads = kThreads + 1;
    options.lease_tokens = 16;
    options.method_throttle = method_throttle;
    enforcer_ = *Enforcer::create(options);
    ASSERT_TRUE(enforcer_->create_usage_plan(plan).ok());
    add_key();
    route_ = *enforcer_->intern_route("api", "prod", "/pets/GET");
  }
  static v1::UsagePlan plan_of_one_stage() {
    v1::UsagePlan plan;
    plan.set_id("plan");
    plan.set_name("plan");
    v1::ApiStage* stage = plan.add_api_stages();
    stage->set_api_id("api");
    stage->set_stage("prod");
    return plan;
  }
  static void throttle_method(v1::UsagePlan& plan, double rate, int64_t burst) {
    v1::ApiStage& stage = *plan.mutable_api_stages(0);
    auto& method = (*stage.mutable_throttle())["/pets/GET"];
    method.set_rate_limit(rate);
    method.set_burst_limit(burst);
  }
  static void set_daily_quota(v1::UsagePlan& plan, int64_t limit) {
    plan.mutable_quota()->set_limit(limit);
    plan.mutable_quota()->set_period(v1::DAY);
  }
  void add_key() {
    v1::ApiKey key;
    key.set_id("key");
    key.set_value("a-key-that-all-threads-use");
    key.set_enabled(true);
    ASSERT_TRUE(enforcer_->create_api_key(key).ok());
    ASSERT_TRUE(enforcer_->create_usage_plan_key("plan", "key").ok());
  }

  Decision ask(Instant now, uint32_t cost = 1) {
    return enforcer_->admit({"a-key-that-all-threads-use", route_, cost, now});
  }
  bool admit(Instant now) {
    while (is_paused_) std::this_thread::yield();
    const bool was_shut = is_shut_;
    const bool admitted = ask(now).admitted();
    // It was shut all the time: it is not opened twice within a call.
    if (admitted && was_shut && is_shut_) admitted_while_shut_ = true;
    return admitted;
  }

  // Runs `body(thread)` in kThreads threads, and `control()` beside them again
  // and again, after `maintain()`. What the threads admitted is returned.
  int64_t together(
      const std::function<int64_t(int)>& body,
      const std::function<void()>& control = [] {}) {
    std::atomic<int64_t> admitted{0};
    std::atomic<int> running{kThreads};
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        admitted += body(t);
        --running;
      });
    }
    while (running > 0) {
      enforcer_->maintain();
      std::this_thread::sleep_for(std::chrono::milliseconds(4));
      control();
    }
    for (std::thread& thread : threads) thread.join();
    return admitted;
  }

  // Runs threads until the key has had leases for a while, with `control()`
  // beside them. Returns what was admitted.
  int64_t warm_up(const std::function<void()>& control = [] {}) {
    std::atomic<int> rounds_with_leases{0};
    int rounds = 0;
    return together(
        [&](int) {
          int64_t count = 0;
          while (rounds_with_leases < 5) count += admit(clock_->now());
          return count;
        },
        [&] {
          rounds_with_leases += enforcer_->statistics().leases > 0;
          control();
          if (++rounds < 10'000) return;
          ADD_FAILURE() << "no lease";
          rounds_with_leases = 5;
        });
  }

  // Admits `total` and no more, where time stands still: threads have leases,
  // and then nearly all is taken at once, so that they meet at the end of it.
  void expect_exactly(int64_t total) {
    std::atomic<bool> at_end{false};
    int64_t at_once = 0;
    const int64_t admitted = together(
        [&](int) {
          int64_t count = 0;
          for (int refused = 0; refused < 1'000;) {
            if (admit(clock_->now())) {
              ++count;
            } else if (at_end) {
              ++refused;
            }
          }
          return count;
        },
        [&] {
          if (at_end || enforcer_->statistics().leases == 0) return;
          Decision rest = ask(clock_->now(), 0);
          const auto cost = static_cast<uint32_t>(
              std::max<int64_t>(rest.tokens_remaining(), 0) - 30'000);
          if (!ask(clock_->now(), cost).admitted()) return;
          at_once = cost;
          at_end = true;
        });
    const auto rest = total - admitted - at_once;
    EXPECT_GE(rest, 0);
    EXPECT_LT(rest, 100) << "is what overlapping calls may withhold at most";
    EXPECT_TRUE(ask(clock_->now(), static_cast<uint32_t>(rest)).admitted());
    EXPECT_FALSE(admit(clock_->now()));
  }

  std::vector<std::pair<int64_t, int64_t>> usage(int64_t from, int64_t to) {
    const v1::Usage usage =
        enforcer_->get_usage({"plan", date(from), date(to), "key", {}}).value();
    std::vector<std::pair<int64_t, int64_t>> days;
    for (const v1::DailyUsage& day : usage.items(0).days()) {
      days.emplace_back(day.used(), day.remaining());
    }
    return days;
  }

  const std::shared_ptr<ManualClock> clock_ =
      std::make_shared<ManualClock>(kNoon);
  std::unique_ptr<Enforcer> enforcer_;
  Route route_;
  std::atomic<bool> is_paused_{false};  // between the threads' requests
  // Whether a patch that admits nothing has returned, and the next not begun.
  std::atomic<bool> is_shut_{false};
  std::atomic<bool> admitted_while_shut_{false};
};

TEST_F(LeaseTest, BurstIsAdmittedExactly) {
  set_up(0, kMax, 0);
  expect_exactly(kMax);
  EXPECT_EQ(ask(clock_->now()).retry_after(), absl::InfiniteDuration());
}

TEST_F(LeaseTest, BothThrottlesAreCharged) {
  set_up(0, kMax, 0, MethodThrottle::kAddsToPlan);
  expect_exactly(kMax);
  // A route without a throttle of its own draws on the plan's alone.
  const Route other = *enforcer_->intern_route("api", "prod");
  const Decision decision =
      enforcer_->admit({"a-key-that-all-threads-use", other, 1, clock_->now()});
  EXPECT_EQ(decision.limit, Limit::kPlanThrottle);
}

TEST_F(LeaseTest, QuotaIsAdmittedAndReportedExactly) {
  constexpr int64_t kQuota = kMax - 20'000;
  set_up(0, kMax, kQuota);
  expect_exactly(kQuota);
  EXPECT_EQ(usage(kNoon, kNoon)[0], std::make_pair(kQuota, int64_t{0}));
}

// Of a plan that has no throttle, tokens are the quota's alone.
TEST_F(LeaseTest, QuotaAloneIsCountedExactly) {
  constexpr int64_t kQuota = 1'000'000'000;
  v1::UsagePlan plan = plan_of_one_stage();
  set_daily_quota(plan, kQuota);
  set_up(plan, MethodThrottle::kReplacesPlan, clock_);
  const int64_t admitted = warm_up();
  EXPECT_EQ(usage(kNoon, kNoon)[0],
            std::make_pair(admitted, kQuota - admitted));
  const auto rest = static_cast<uint32_t>(kQuota - admitted);
  EXPECT_FALSE(ask(clock_->now(), rest + 1).admitted());
  EXPECT_TRUE(ask(clock_->now(), rest).admitted());
}

// The plan's throttle is not charged where a method's takes its place.
TEST_F(LeaseTest, MethodAloneIsCharged) {
  v1::UsagePlan plan = plan_of_one_stage();
  throttle_method(plan, 0, kMax);
  plan.mutable_throttle()->set_rate_limit(0);
  plan.mutable_throttle()->set_burst_limit(kMax);
  set_up(plan, MethodThrottle::kReplacesPlan, clock_);
  const auto rest = static_cast<uint32_t>(kMax - warm_up());
  EXPECT_FALSE(ask(clock_->now(), rest + 1).admitted());
  EXPECT_TRUE(ask(clock_->now(), rest).admitted());
  route_ = *enforcer_->intern_route("api", "prod");
  EXPECT_TRUE(ask(clock_->now(), kMax).admitted());
}

// Whatever is unspent in the slots can be had by one request, at once.
TEST_F(LeaseTest, NobodyWithholdsTheLastTokens) {
  set_up(0, kMax, 0);
  const auto rest = static_cast<uint32_t>(kMax - warm_up());
  EXPECT_FALSE(ask(clock_->now(), rest + 1).admitted());
  EXPECT_TRUE(ask(clock_->now(), rest).admitted());
  EXPECT_FALSE(admit(clock_->now()));
}

TEST_F(LeaseTest, NobodyWithholdsTheLastRequestsOfTheQuota) {
  set_up(1e9, kMax, 1'000'000'000);
  const auto rest = static_cast<uint32_t>(1'000'000'000 - warm_up());
  EXPECT_FALSE(ask(clock_->now(), rest + 1).admitted());
  EXPECT_TRUE(ask(clock_->now(), rest).admitted());
  EXPECT_FALSE(admit(clock_->now()));
}

// Tokens that threads hold do not keep the bucket from filling up.
TEST_F(LeaseTest, FillsUpWhileSlotsAreIdle) {
  set_up(kMax / 2, kMax, 0);
  warm_up();
  clock_->advance(2 * kSecond);
  // Slots that are not used any more are settled as of when they were.
  for (int i = 0; i < 3; ++i) enforcer_->maintain();
  EXPECT_TRUE(ask(clock_->now(), kMax).admitted());
}

// In any order of the threads' turns, by the times that their requests
// bring no stretch of time has more than the burst and what the rate yields.
TEST_F(LeaseTest, NeverExceedsTheBoundInAnyWindow) {
  constexpr double kRate = 4'000'000;
  constexpr int64_t kBurst = 3'000;
  constexpr int kRequests = 60'000;
  set_up(kRate, kBurst, 0);
  std::atomic<int64_t> time{kNoon};
  std::atomic<bool> have_begun{false};
  int rounds = 0;
  std::vector<int64_t> admitted[kThreads];
  together(
      [&](int thread) {
        // Slowly until there are leases; then now slower than the rate, now
        // faster, and sometimes idle.
        for (int i = 0; i < kRequests; i += have_begun) {
          const int64_t step = !have_begun || i % 20'000 < 10'000 ? 300 : 120;
          const int64_t t =
              time.fetch_add(i % 9'999 == 9'998 ? 2'000'000 : step);
          if (admit({t, t})) admitted[thread].push_back(t);
        }
        return int64_t{0};
      },
      [&] {
        clock_->advance(time - clock_->now().unix_ns);
        if (enforcer_->statistics().leases > 0 || ++rounds == 2'000) {
          have_begun = true;
        }
      });
  EXPECT_LT(rounds, 2'000);
  std::vector<int64_t> all;
  for (const auto& some : admitted) {
    all.insert(all.end(), some.begin(), some.end());
  }
  std::sort(all.begin(), all.end());
  ASSERT_GT(all.size(), kRequests);
  const Rate rate = *Rate::from_double(kRate);
  ExactBucket bucket(rate.seconds);
  bucket.advance(rate, kNoon);
  bucket.fill();
  for (const int64_t t : all) {
    bucket.advance(rate, t);
    bucket.take(t, 1);
    ASSERT_LE(bucket.debt(t), kBurst * bucket.token()) << t;
  }
}

TEST_F(LeaseTest, PatchesNeitherLoseNorInventTokens) {
  set_up(0, kMax, 0);
  size_t patches = 0;
  const auto patch = [&](int64_t rate, int64_t burst) {
    ASSERT_TRUE(
        enforcer_
            ->apply_patch("plan", {replace("/throttle/rateLimit", rate),
                                   replace("/throttle/burstLimit", burst)})
            .ok());
  };
  const int64_t admitted = warm_up([&] {
    // Time stands still: a rate yields nothing, but changes the scale, and a
    // smaller burst leaves what is owed alone.
    constexpr int64_t kRates[] = {1'000'000'000, 1, 1'000'000, 7};
    if (enforcer_->statistics().leases == 0) return;
    is_paused_ = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    patch(kRates[patches % 4], 10);
    is_shut_ = true;
    is_paused_ = false;
    std::this_thread::sleep_for(std::chrono::milliseconds(4));
    is_shut_ = false;
    patch(kRates[++patches % 4], kMax);
  });
  EXPECT_GE(patches, 4);
  EXPECT_FALSE(admitted_while_shut_);
  const auto rest = static_cast<uint32_t>(kMax - admitted);
  EXPECT_FALSE(ask(clock_->now(), rest + 1).admitted());
  EXPECT_TRUE(ask(clock_->now(), rest).admitted());
}

TEST_F(LeaseTest, CountsEachRequestOnItsDay) {
  set_up(1e9, kMax, 1'000'000'000);
  std::vector<int64_t> admitted_on(4);
  for (size_t day = 0; day < admitted_on.size(); ++day) {
    const int64_t midnight =
        kNoon + static_cast<int64_t>(day) * kDay + kDay / 2;
    const auto wait_for = [&](int64_t unix_ns) {
      clock_->advance(unix_ns - clock_->now().unix_ns);
    };
    wait_for(midnight - kDay / 2);
    admitted_on[day] += warm_up();
    wait_for(midnight - kSecond - 1);
    admitted_on[day] += warm_up();
    // No thread has a lease in a day's last second.
    wait_for(midnight - kSecond);
    if (day % 2 == 0) {
      // The threads have gone, and leave tokens to maintain().
      enforcer_->maintain();
      EXPECT_EQ(enforcer_->statistics().leases, 0);
      continue;
    }
    admitted_on[day] += together([&](int) {
      for (int i = 0; i < 5'000; ++i) EXPECT_TRUE(admit(clock_->now()));
      return int64_t{5'000};
    });
    EXPECT_EQ(enforcer_->statistics().leases, 0);
  }
  const auto used = usage(kNoon, kNoon + 3 * kDay);
  for (size_t day = 0; day < admitted_on.size(); ++day) {
    EXPECT_EQ(used[day].first, admitted_on[day]) << day;
  }
}

// Without maintain() in the last second, a thread that closes a slot on the new
// day may be overtaken by the first request of that day.
TEST_F(LeaseTest, CountsNoRequestTooFewWhereADayEndsWithLeases) {
  set_up(1e9, kMax, 1'000'000'000);
  constexpr int64_t kMaxHeld = kThreads * 16;
  int64_t admitted = warm_up();
  for (int64_t day = 1; day < 5; ++day) {
    const int64_t noon = kNoon + day * kDay;
    clock_->advance(noon - clock_->now().unix_ns);
    const int64_t on_this_day = warm_up();
    const int64_t used = usage(noon - kDay, noon - kDay)[0].first;
    EXPECT_GE(used, admitted);
    EXPECT_LE(used, admitted + kMaxHeld);
    admitted = on_this_day;
  }
}

TEST_F(LeaseTest, ReportsAndExtensionsAreExact) {
  set_up(1e9, kMax, 100'000'000);
  int64_t admitted = warm_up();
  EXPECT_EQ(usage(kNoon, kNoon)[0].first, admitted);
  admitted += warm_up();
  EXPECT_EQ(usage(kNoon, kNoon)[0].first, admitted);
  admitted = warm_up();
  ASSERT_TRUE(
      enforcer_->update_usage("plan", "key", {replace("/remaining", 1'000)})
          .ok());
  int64_t rest = 0;
  while (admit(clock_->now())) ++rest;
  EXPECT_EQ(rest, 1'000);
}

// Whoever is inside of a call does not know of the reserve.
TEST_F(LeaseTest, WaitsForCallsThatBeganBefore) {
  const auto clock = std::make_shared<HoldingClock>();
  set_up(0, kMax, 0, MethodThrottle::kReplacesPlan, clock);
  std::thread held([&] {
    HoldingClock::is_held = true;
    enforcer_->admit({"a-key-that-all-threads-use", route_});
  });
  while (!clock->is_inside) std::this_thread::yield();
  int rounds = 0;
  std::atomic<bool> is_over{false};
  together(
      [&](int) {
        while (!is_over) admit(clock_->now());
        return int64_t{0};
      },
      [&] {
        if (++rounds <= 20) {
          EXPECT_EQ(enforcer_->statistics().leases, 0);
          return;
        }
        clock->let_go = true;
        if (enforcer_->statistics().leases > 0 || rounds > 2'000) {
          is_over = true;
        }
      });
  EXPECT_LE(rounds, 2'000);
  held.join();
}

TEST_F(LeaseTest, EndsWithTheKeyAndWithTheAssociation) {
  set_up(0, kMax, 0);
  for (int round = 0; round < 3; ++round) {
    warm_up();
    ASSERT_TRUE(enforcer_->delete_usage_plan_key("plan", "key").ok());
    EXPECT_EQ(ask(clock_->now()).forbidden, Forbidden::kNoPlan);
    ASSERT_TRUE(enforcer_->create_usage_plan_key("plan", "key").ok());
    warm_up();
    ASSERT_TRUE(enforcer_->delete_api_key("key").ok());
    EXPECT_EQ(ask(clock_->now()).forbidden, Forbidden::kUnknownKey);
    enforcer_->maintain();
    EXPECT_EQ(enforcer_->statistics().leases, 0);
    add_key();
    EXPECT_EQ(ask(clock_->now()).tokens_remaining(), kMax - 1);
  }
}

// What threads hold when an enforcer ends is not used.
TEST_F(LeaseTest, IsNotCountedWhenItsEnforcerEnds) {
  const std::string folder = ::testing::TempDir() + "/leases";
  std::filesystem::remove_all(folder);
  v1::UsagePlan plan = plan_of_one_stage();
  set_daily_quota(plan, 1'000'000'000);
  Options options;
  options.clock = clock_;
  options.lease_threads = kThreads + 1;
  options.lease_tokens = 1000;
  options.sync_interval = absl::ZeroDuration();
  options.arena_bytes = size_t{1} << 28;
  options.store = *SqliteStore::open(folder);
  enforcer_ = *Enforcer::create(options);
  ASSERT_TRUE(enforcer_->create_usage_plan(plan).ok());
  add_key();
  route_ = *enforcer_->intern_route("api", "prod", "/pets/GET");
  const int64_t admitted = warm_up();
  enforcer_.reset();
  options.store.reset();
  options.store = *SqliteStore::open(folder);
  enforcer_ = *Enforcer::create(options);
  EXPECT_EQ(usage(kNoon, kNoon)[0].first, admitted);
  enforcer_.reset();
  options.store.reset();
  std::filesystem::remove_all(folder);
}

// Its requests overlap no other.
TEST_F(LeaseTest, IsNotForOneThreadAlone) {
  set_up(0, kMax, 0);
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(admit(clock_->now()));
    enforcer_->maintain();
    EXPECT_EQ(enforcer_->statistics().leases, 0);
  }
}

TEST_F(LeaseTest, EndsWhenItIsNotUsed) {
  set_up(0, kMax, 0);
  const int64_t admitted = warm_up();
  for (int i = 0; i < 3; ++i) enforcer_->maintain();
  EXPECT_EQ(enforcer_->statistics().leases, 0);
  EXPECT_EQ(ask(clock_->now(), 0).tokens_remaining(), kMax - admitted);
}

// Threads that exit and start find tokens in their slots.
TEST_F(LeaseTest, ThreadsLeaveTheirTokensBehind) {
  set_up(0, kMax, 0);
  int64_t admitted = 0;
  for (int round = 0; round < 5; ++round) admitted += warm_up();
  const auto rest = static_cast<uint32_t>(kMax - admitted);
  EXPECT_FALSE(ask(clock_->now(), rest + 1).admitted());
  EXPECT_TRUE(ask(clock_->now(), rest).admitted());
}

TEST_F(LeaseTest, AForkedChildHasAllTokensThatWereLeft) {
  set_up(0, kMax, 0);
  const int64_t admitted = warm_up();
  EXPECT_EQ(in_child([&] {
              enforcer_->maintain();
              const auto rest = static_cast<uint32_t>(kMax - admitted);
              EXPECT_TRUE(ask(clock_->now(), rest).admitted());
            }),
            0);
}

}  // namespace
}  // namespace weir
