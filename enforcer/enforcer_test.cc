#include "weir/enforcer/enforcer.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/memory/epoch.h"
#include "weir/plan/plan_error.h"
#include "weir/tests/patch_operations.h"
#include "weir/tests/time_constants.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kKey[] = "a-key-of-twenty-and-more-characters";

int64_t unix_ns(const std::string& time) {
  absl::Time t;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, time, &t, &error)) << error;
  return absl::ToUnixNanos(t);
}

class EnforcerTest : public ::testing::Test {
 protected:
  explicit EnforcerTest(Options options = {}) {
    options.clock = clock_;
    options.arena_bytes = size_t{1} << 30;
    enforcer_ = *Enforcer::create(options);
  }

  // A plan of one stage, "api:prod".
  v1::UsagePlan plan(double rate, int64_t burst) {
    v1::UsagePlan plan;
    plan.set_name("plan");
    v1::ApiStage* stage = plan.add_api_stages();
    stage->set_api_id("api");
    stage->set_stage("prod");
    if (burst >= 0) {
      plan.mutable_throttle()->set_rate_limit(rate);
      plan.mutable_throttle()->set_burst_limit(burst);
    }
    return plan;
  }
  v1::UsagePlan with_quota(v1::UsagePlan plan, int64_t limit,
                           v1::QuotaPeriod period, int64_t offset = 0) {
    plan.mutable_quota()->set_limit(limit);
    plan.mutable_quota()->set_period(period);
    plan.mutable_quota()->set_offset(offset);
    return plan;
  }

  std::string create_plan(const v1::UsagePlan& plan) {
    const auto created = enforcer_->create_usage_plan(plan);
    EXPECT_TRUE(created.ok()) << created.status();
    return created->id();
  }
  std::string create_key(const std::string& value, bool enabled = true) {
    v1::ApiKey key;
    key.set_value(value);
    key.set_enabled(enabled);
    const auto created = enforcer_->create_api_key(key);
    EXPECT_TRUE(created.ok()) << created.status();
    return created->id();
  }
  void associate(const std::string& plan_id, const std::string& key_id) {
    const auto created = enforcer_->create_usage_plan_key(plan_id, key_id);
    ASSERT_TRUE(created.ok()) << created.status();
  }
  // A plan with the key kKey.
  std::string set_up(const v1::UsagePlan& plan) {
    plan_id_ = create_plan(plan);
    key_id_ = create_key(kKey);
    associate(plan_id_, key_id_);
    return plan_id_;
  }
  void patch(const std::vector<v1::PatchOperation>& operations) {
    const auto patched = enforcer_->apply_patch(plan_id_, operations);
    ASSERT_TRUE(patched.ok()) << patched.status();
  }
  Route route(const std::string& method_key = "") {
    return *enforcer_->intern_route("api", "prod", method_key);
  }
  Decision admit(uint32_t cost = 1, const std::string& method_key = "",
                 const std::string& key = kKey) {
    return enforcer_->admit({key, route(method_key), cost, std::nullopt});
  }
  int admit_all(const std::string& method_key = "") {
    int admitted = 0;
    while (admit(1, method_key).admitted()) ++admitted;
    return admitted;
  }
  v1::Usage usage(const std::string& first, const std::string& last) {
    const auto usage = enforcer_->get_usage({plan_id_, first, last, "", {}});
    EXPECT_TRUE(usage.ok()) << usage.status();
    return *usage;
  }
  // "used/remaining" by day, of the first key.
  std::vector<std::string> days(const std::string& first,
                                const std::string& last) {
    std::vector<std::string> result;
    const v1::Usage reported = usage(first, last);
    for (const v1::DailyUsage& day : reported.items(0).days()) {
      result.push_back(absl::StrCat(day.used(), "/", day.remaining()));
    }
    return result;
  }

  const std::shared_ptr<ManualClock> clock_ =
      std::make_shared<ManualClock>(unix_ns("2026-03-10T12:00:00Z"));
  std::unique_ptr<Enforcer> enforcer_;
  std::string plan_id_;
  std::string key_id_;
};

// -- Who may call --

TEST_F(EnforcerTest, UnknownKeyIsForbidden) {
  set_up(plan(10, 5));
  const Decision d = admit(1, "", "some-other-key-that-nobody-has");
  EXPECT_EQ(d.outcome, Outcome::kForbidden);
  EXPECT_EQ(d.forbidden, Forbidden::kUnknownKey);
  EXPECT_EQ(d.retry_after(), absl::InfiniteDuration());
  EXPECT_EQ(admit(1, "", "").forbidden, Forbidden::kUnknownKey);
  EXPECT_EQ(admit(1, "", std::string(1 << 20, 'x')).forbidden,
            Forbidden::kUnknownKey);
}

TEST_F(EnforcerTest, KeyIsComparedInFull) {
  set_up(plan(10, 5));
  std::string key = kKey;
  for (size_t i = 0; i < key.size(); ++i) {
    std::string other = key;
    other[i] ^= 1;
    EXPECT_EQ(admit(1, "", other).forbidden, Forbidden::kUnknownKey) << i;
    EXPECT_EQ(admit(1, "", key.substr(0, i)).forbidden, Forbidden::kUnknownKey);
  }
  EXPECT_TRUE(admit().admitted());
}

TEST_F(EnforcerTest, DisabledKeyIsForbiddenUntilEnabled) {
  plan_id_ = create_plan(plan(10, 5));
  key_id_ = create_key(kKey, /*enabled=*/false);
  associate(plan_id_, key_id_);
  EXPECT_EQ(admit().forbidden, Forbidden::kDisabledKey);
  ASSERT_TRUE(
      enforcer_
          ->update_api_key(key_id_, {operation("replace", "/enabled", "true")})
          .ok());
  EXPECT_TRUE(admit().admitted());
  ASSERT_TRUE(
      enforcer_
          ->update_api_key(key_id_, {operation("replace", "/enabled", "no")})
          .ok());
  EXPECT_EQ(admit().forbidden, Forbidden::kDisabledKey);
}

TEST_F(EnforcerTest, StageWithoutPlanIsForbidden) {
  set_up(plan(10, 5));
  const Route test = *enforcer_->intern_route("api", "test");
  EXPECT_EQ(enforcer_->admit({kKey, test, 1, std::nullopt}).forbidden,
            Forbidden::kNoPlan);
  EXPECT_EQ(enforcer_->admit({kKey, Route(), 1, std::nullopt}).forbidden,
            Forbidden::kNoPlan);
  patch({operation("add", "/apiStages", "api:test")});
  EXPECT_TRUE(enforcer_->admit({kKey, test, 1, std::nullopt}).admitted());
  patch({operation("remove", "/apiStages", "api:test")});
  EXPECT_EQ(enforcer_->admit({kKey, test, 1, std::nullopt}).forbidden,
            Forbidden::kNoPlan);
}

// The last day that quotas know, 2089-09-17, never ends.
TEST_F(EnforcerTest, RefusalsAfterTheLastDayNameNoTime) {
  set_up(with_quota(plan(1000, 100), 2, v1::DAY));
  clock_->advance(unix_ns("2089-09-17T23:00:00Z") -
                  unix_ns("2026-03-10T12:00:00Z"));
  EXPECT_EQ(admit_all(), 2);
  EXPECT_EQ(admit().retry_after(), absl::Hours(1));
  clock_->advance(int64_t{3'600} * 1'000'000'000);
  EXPECT_EQ(admit().outcome, Outcome::kQuotaExceeded);
  EXPECT_EQ(admit().retry_after(), absl::InfiniteDuration());
}

TEST_F(EnforcerTest, RouteIsInternedAndValidated) {
  set_up(plan(10, 5));
  EXPECT_EQ(route("/pets/GET"),
            *enforcer_->intern_route("api", "prod", "pets/GET"));
  EXPECT_EQ(route("//GET"), *enforcer_->intern_route("api", "prod", "~1/GET"));
  EXPECT_NE(route("/pets/GET"), route());
  const std::string longest(256, 'a');
  EXPECT_TRUE(enforcer_->intern_route(longest, longest).ok());
  for (const auto& bad :
       {enforcer_->intern_route("", "prod"), enforcer_->intern_route("api", ""),
        enforcer_->intern_route("a:b", "prod"),
        enforcer_->intern_route("api", "a/b"),
        enforcer_->intern_route(std::string(257, 'a'), "prod"),
        enforcer_->intern_route("api", "prod", "/pets/FETCH")}) {
    EXPECT_EQ(bad.status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST_F(EnforcerTest, RoutesInternedTogetherAreTheSame) {
  set_up(plan(10, 5));
  patch({operation("add", "/apiStages/api:prod/throttle//late/GET/burstLimit",
                   "1")});
  const Route before = route("/before/GET");
  const auto routes = enforcer_->intern_routes({{"api", "prod", "~1late/GET"},
                                                {"api", "prod", "/before/GET"},
                                                {"api", "prod", ""},
                                                {"other", "prod", ""},
                                                {"api", "prod", "/late/GET"}});
  ASSERT_TRUE(routes.ok()) << routes.status();
  ASSERT_EQ(routes->size(), 5u);
  EXPECT_EQ((*routes)[0], route("/late/GET"));
  EXPECT_EQ((*routes)[1], before);
  EXPECT_EQ((*routes)[2], route());
  EXPECT_EQ((*routes)[3], *enforcer_->intern_route("other", "prod"));
  EXPECT_EQ((*routes)[4], (*routes)[0]);
  // The plan knows them all.
  EXPECT_EQ(admit_all("/late/GET"), 1);
  EXPECT_EQ(admit_all("/before/GET"), 5);
  EXPECT_EQ(enforcer_->admit({kKey, (*routes)[3], 1, std::nullopt}).forbidden,
            Forbidden::kNoPlan);
  EXPECT_TRUE(enforcer_->intern_routes({})->empty());
}

TEST_F(EnforcerTest, RoutesAreAllOrNone) {
  set_up(plan(10, 5));
  EXPECT_EQ(
      enforcer_->intern_routes({{"api", "prod", "/a/GET"}, {"api", "", ""}})
          .status()
          .code(),
      absl::StatusCode::kInvalidArgument);
  std::vector<Enforcer::MethodName> names;
  for (int i = 0; i < 65'534; ++i) {
    names.push_back({"other", absl::StrCat("s", i), ""});
  }
  ASSERT_TRUE(enforcer_->intern_routes(names).ok());
  const std::vector<Enforcer::MethodName> two = {{"api", "prod", "/a/GET"},
                                                 {"api", "prod", "/b/GET"}};
  EXPECT_EQ(enforcer_->intern_routes(two).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(enforcer_->intern_route("api", "prod", "/b/GET").ok());
  EXPECT_EQ(enforcer_->intern_route("api", "prod", "/a/GET").status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST_F(EnforcerTest, RouteInternedAfterThePlanIsCovered) {
  set_up(plan(10, 5));
  patch({operation("add", "/apiStages/api:prod/throttle//late/GET/rateLimit",
                   "1"),
         operation("add", "/apiStages/api:prod/throttle//late/GET/burstLimit",
                   "1")});
  EXPECT_EQ(admit_all("/late/GET"), 1);
  EXPECT_EQ(admit_all("/other/GET"), 5);
}

// -- Throttle --

TEST_F(EnforcerTest, ThrottleSaysWhenToRetryToTheNanosecond) {
  set_up(plan(0.1, 2));
  EXPECT_EQ(admit().tokens_remaining(), 1);
  EXPECT_EQ(admit().tokens_remaining(), 0);
  clock_->advance(3 * kSecond);
  const Decision d = admit();
  EXPECT_EQ(d.outcome, Outcome::kThrottled);
  EXPECT_EQ(d.limit, Limit::kPlanThrottle);
  EXPECT_EQ(d.retry_after(), absl::Seconds(7));
  EXPECT_EQ(d.tokens_remaining(), 0);
  EXPECT_EQ(d.burst, 2);
  EXPECT_EQ(d.burst_window_seconds, 20);
  clock_->advance(7 * kSecond - 1);
  EXPECT_FALSE(admit().admitted());
  clock_->advance(1);
  EXPECT_TRUE(admit().admitted());
}

TEST_F(EnforcerTest, CostAboveBurstCanNeverPass) {
  set_up(plan(10, 5));
  EXPECT_EQ(admit(6).retry_after(), absl::InfiniteDuration());
  EXPECT_EQ(admit(6).outcome, Outcome::kThrottled);
  EXPECT_TRUE(admit(5).admitted());
}

TEST_F(EnforcerTest, CostZeroAsksWithoutTaking) {
  set_up(with_quota(plan(10, 5), 100, v1::DAY));
  for (int i = 0; i < 10; ++i) {
    const Decision d = admit(0);
    EXPECT_TRUE(d.admitted());
    EXPECT_EQ(d.tokens_remaining(), 5);
    EXPECT_EQ(d.quota_remaining, 100);
  }
}

TEST_F(EnforcerTest, NoThrottleMeansNoLimit) {
  set_up(plan(0, -1));
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(admit(1'000'000).admitted());
  EXPECT_EQ(admit().tokens_remaining(), -1);
  EXPECT_EQ(admit().quota_remaining, -1);
  EXPECT_EQ(admit().period_reset(), absl::InfiniteFuture());
}

TEST_F(EnforcerTest, RateZeroNeverRefillsAndBurstZeroAdmitsNothing) {
  set_up(plan(0, 3));
  EXPECT_EQ(admit_all(), 3);
  EXPECT_EQ(admit().retry_after(), absl::InfiniteDuration());
  patch({operation("replace", "/throttle/rateLimit", "100"),
         operation("replace", "/throttle/burstLimit", "0")});
  EXPECT_EQ(admit_all(), 0);
}

TEST_F(EnforcerTest, KeysDoNotShareTokens) {
  set_up(plan(1, 3));
  const std::string other = "another-key-of-twenty-characters";
  associate(plan_id_, create_key(other));
  EXPECT_EQ(admit_all(), 3);
  EXPECT_TRUE(admit(3, "", other).admitted());
}

TEST_F(EnforcerTest, MethodThrottleReplacesThePlans) {
  v1::UsagePlan p = plan(1, 10);
  auto& throttle = *p.mutable_api_stages(0)->mutable_throttle();
  throttle["/pets/GET"].set_rate_limit(1);
  throttle["/pets/GET"].set_burst_limit(3);
  set_up(p);
  EXPECT_EQ(admit_all("/pets/GET"), 3);
  EXPECT_EQ(admit(1, "/pets/GET").limit, Limit::kMethodThrottle);
  EXPECT_EQ(admit_all("/dogs/GET"), 10);
  EXPECT_EQ(admit(1, "/dogs/GET").limit, Limit::kPlanThrottle);
}

TEST_F(EnforcerTest, ManyMethodThrottlesEachHaveTheirOwnBucket) {
  v1::UsagePlan p = plan(1, 10);
  auto& throttle = *p.mutable_api_stages(0)->mutable_throttle();
  for (int i = 0; i < 300; ++i) {
    auto& t = throttle[absl::StrCat("/m", i, "/GET")];
    t.set_rate_limit(1);
    t.set_burst_limit(1 + i % 7);
  }
  set_up(p);
  for (int i = 299; i >= 0; --i) {
    ASSERT_EQ(admit_all(absl::StrCat("/m", i, "/GET")), 1 + i % 7) << i;
  }
}

class BothThrottlesTest : public EnforcerTest {
 protected:
  static Options options() {
    Options options;
    options.method_throttle = MethodThrottle::kAddsToPlan;
    return options;
  }
  BothThrottlesTest() : EnforcerTest(options()) {}
};

TEST_F(BothThrottlesTest, BothHaveToAdmitAndARefusalTakesFromNeither) {
  v1::UsagePlan p = with_quota(plan(1, 4), 100, v1::DAY);
  auto& throttle = *p.mutable_api_stages(0)->mutable_throttle();
  throttle["/pets/GET"].set_rate_limit(2);
  throttle["/pets/GET"].set_burst_limit(3);
  set_up(p);
  EXPECT_EQ(admit_all("/pets/GET"), 3);
  EXPECT_EQ(admit(1, "/pets/GET").limit, Limit::kMethodThrottle);
  EXPECT_EQ(admit_all("/dogs/GET"), 1);
  clock_->advance(kSecond / 2);  // One token for the method, half for the plan.
  const Decision d = admit(1, "/pets/GET");
  EXPECT_EQ(d.limit, Limit::kPlanThrottle);
  EXPECT_EQ(d.retry_after(), absl::Milliseconds(500));
  clock_->advance(kSecond / 2);
  // The refusal above left the method's token where it was.
  EXPECT_EQ(admit(1, "/pets/GET").tokens_remaining(), 1);
}

// -- Quota --

TEST_F(EnforcerTest, QuotaRefusesUntilThePeriodEnds) {
  set_up(with_quota(plan(0, -1), 3, v1::DAY));
  EXPECT_EQ(admit().quota_remaining, 2);
  EXPECT_EQ(admit_all(), 2);
  const Decision d = admit();
  EXPECT_EQ(d.outcome, Outcome::kQuotaExceeded);
  EXPECT_EQ(d.limit, Limit::kQuota);
  EXPECT_EQ(d.quota_limit, 3);
  EXPECT_EQ(d.quota_remaining, 0);
  EXPECT_EQ(d.retry_after(), absl::Hours(12));
  EXPECT_EQ(d.period_seconds(), 86'400);
  EXPECT_EQ(absl::ToUnixNanos(d.period_reset()),
            unix_ns("2026-03-11T00:00:00Z"));
  EXPECT_EQ(admit(4).retry_after(), absl::InfiniteDuration());
  clock_->advance(kDay / 2 - 1);
  EXPECT_FALSE(admit().admitted());
  clock_->advance(1);
  EXPECT_EQ(admit_all(), 3);
}

TEST_F(EnforcerTest, RefusalByQuotaTakesNoToken) {
  set_up(with_quota(plan(0, 10), 3, v1::DAY));
  EXPECT_EQ(admit_all(), 3);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(admit().tokens_remaining(), 7);
}

TEST_F(EnforcerTest, RefusalByThrottleTakesNoQuota) {
  set_up(with_quota(plan(0, 2), 5, v1::DAY));
  EXPECT_EQ(admit_all(), 2);
  for (int i = 0; i < 5; ++i) {
    const Decision d = admit();
    EXPECT_EQ(d.outcome, Outcome::kThrottled);
    EXPECT_EQ(d.quota_remaining, 3);
  }
}

TEST_F(EnforcerTest, RetryAfterCoversEveryLimit) {
  // The bucket would have a token in 10 s, the quota only at midnight.
  set_up(with_quota(plan(0.1, 1), 1, v1::DAY));
  EXPECT_TRUE(admit().admitted());
  const Decision d = admit();
  EXPECT_EQ(d.outcome, Outcome::kThrottled);
  EXPECT_EQ(d.retry_after(), absl::Hours(12));
  clock_->advance(kDay / 2 - 1);
  EXPECT_EQ(admit().outcome, Outcome::kQuotaExceeded);
  clock_->advance(1);
  EXPECT_TRUE(admit().admitted());
}

TEST_F(EnforcerTest, OffsetIsADiscountInTheFirstPeriod) {
  set_up(with_quota(plan(0, -1), 10, v1::MONTH, 4));
  EXPECT_EQ(admit_all(), 6);
  clock_->advance(unix_ns("2026-04-01T00:00:00Z") - clock_->now().unix_ns);
  EXPECT_EQ(admit_all(), 10);
}

class StartDayTest : public EnforcerTest {
 protected:
  static Options options() {
    Options options;
    options.quota_offset = QuotaOffset::kStartDay;
    return options;
  }
  StartDayTest() : EnforcerTest(options()) {}
};

TEST_F(StartDayTest, OffsetIsTheDayOnWhichThePeriodStarts) {
  // 2026-03-10 is a Tuesday; weeks that begin on Wednesdays.
  set_up(with_quota(plan(0, -1), 10, v1::WEEK, 3));
  EXPECT_EQ(admit_all(), 10);
  EXPECT_EQ(absl::ToUnixNanos(admit().period_reset()),
            unix_ns("2026-03-11T00:00:00Z"));
  clock_->advance(kDay / 2);
  EXPECT_EQ(admit_all(), 10);
  EXPECT_EQ(
      enforcer_
          ->apply_patch(plan_id_, {operation("replace", "/quota/offset", "7")})
          .status()
          .code(),
      absl::StatusCode::kInvalidArgument);
}

TEST_F(EnforcerTest, WallClockSteppingBackResetsNothing) {
  set_up(with_quota(plan(0, -1), 3, v1::DAY));
  EXPECT_EQ(admit_all(), 3);
  clock_->step_wall_clock(-3 * kDay);
  EXPECT_EQ(admit_all(), 0);
  clock_->step_wall_clock(3 * kDay);
  EXPECT_EQ(admit_all(), 0);
  clock_->advance(kDay);
  EXPECT_EQ(admit_all(), 3);
}

TEST_F(EnforcerTest, CallersOwnTimeIsUsed) {
  set_up(with_quota(plan(1, 2), 3, v1::DAY));
  Instant now = clock_->now();
  const auto ask = [&] { return enforcer_->admit({kKey, route(), 1, now}); };
  EXPECT_TRUE(ask().admitted());
  EXPECT_TRUE(ask().admitted());
  EXPECT_EQ(ask().outcome, Outcome::kThrottled);
  now = now + kSecond;
  EXPECT_TRUE(ask().admitted());
  now = now + kSecond;
  EXPECT_EQ(ask().outcome, Outcome::kQuotaExceeded);
  // Far behind: the request is refused, and the call returns.
  now = now + -10 * kDay;
  EXPECT_FALSE(ask().admitted());
}

// -- Live changes --

TEST_F(EnforcerTest, RateChangeConservesDebt) {
  // A key that owed 7 tokens before the patch owes 7 after it.
  for (const char* rate : {"0.1", "1", "20", "1000000", "0.00002"}) {
    SCOPED_TRACE(rate);
    enforcer_ = *Enforcer::create([&] {
      Options options;
      options.clock = clock_;
      return options;
    }());
    set_up(plan(10, 10));
    EXPECT_EQ(admit(7).tokens_remaining(), 3);
    patch({operation("replace", "/throttle/rateLimit", rate)});
    EXPECT_EQ(admit(0).tokens_remaining(), 3);
    EXPECT_EQ(admit_all(), 3);
  }
}

TEST_F(EnforcerTest, BurstChangeMovesTheCeilingNotTheDebt) {
  set_up(plan(1, 10));
  EXPECT_TRUE(admit(7).admitted());
  patch({operation("replace", "/throttle/burstLimit", "20")});
  EXPECT_EQ(admit(0).tokens_remaining(), 13);
  patch({operation("replace", "/throttle/burstLimit", "5")});
  EXPECT_EQ(admit(1).outcome, Outcome::kThrottled);
  clock_->advance(3 * kSecond);
  EXPECT_EQ(admit_all(), 1);
}

TEST_F(EnforcerTest, ThrottleRemovedAndAddedStartsFull) {
  set_up(plan(0, 5));
  EXPECT_EQ(admit_all(), 5);
  patch({operation("remove", "/throttle")});
  EXPECT_TRUE(admit(1000).admitted());
  patch({operation("add", "/throttle/burstLimit", "4"),
         operation("add", "/throttle/rateLimit", "0")});
  EXPECT_EQ(admit_all(), 4);
}

// The patch touches no stage, and yet spoils one.
TEST_F(EnforcerTest, ThrottleStaysWhileMethodsHaveTheirs) {
  set_up(plan(0, 5));
  patch({operation("replace",
                   "/apiStages/api:prod/throttle//pets/GET/burstLimit", "2")});
  const absl::Status status =
      enforcer_->apply_patch(plan_id_, {operation("remove", "/throttle")})
          .status();
  ASSERT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_EQ(admit_all("/pets/GET"), 2);
  EXPECT_EQ(admit_all(), 5);
  patch({operation("remove", "/apiStages/api:prod/throttle"),
         operation("remove", "/throttle")});
  EXPECT_TRUE(admit(1000, "/pets/GET").admitted());
}

TEST_F(EnforcerTest, SlotOfARemovedMethodServesTheNextOneAfresh) {
  set_up(plan(0, 50));
  const auto set = [&](const std::string& method, int burst) {
    return operation(
        "add",
        absl::StrCat("/apiStages/api:prod/throttle/", method, "/burstLimit"),
        absl::StrCat(burst));
  };
  patch({set("/a/GET", 3)});
  EXPECT_EQ(admit_all("/a/GET"), 3);
  patch({operation("remove", "/apiStages/api:prod/throttle//a/GET"),
         set("/b/GET", 4)});
  EXPECT_EQ(admit_all("/b/GET"), 4);
  EXPECT_EQ(admit_all("/a/GET"), 50);
}

TEST_F(EnforcerTest, QuotaLimitChangeKeepsWhatWasUsed) {
  set_up(with_quota(plan(0, -1), 10, v1::DAY));
  EXPECT_TRUE(admit(6).admitted());
  patch({operation("replace", "/quota/limit", "8")});
  EXPECT_EQ(admit_all(), 2);
  patch({operation("replace", "/quota/limit", "5")});
  EXPECT_EQ(admit().quota_remaining, 0);
  patch({operation("replace", "/quota/limit", "12")});
  EXPECT_EQ(admit_all(), 4);
}

TEST_F(EnforcerTest, PeriodChangeRecountsFromTheDailyLog) {
  set_up(with_quota(plan(0, -1), 10, v1::DAY));
  EXPECT_TRUE(admit(6).admitted());
  clock_->advance(kDay);
  EXPECT_TRUE(admit(3).admitted());
  patch({operation("replace", "/quota/period", "MONTH"),
         operation("replace", "/quota/limit", "20")});
  EXPECT_EQ(admit(0).quota_remaining, 11);
  patch({operation("replace", "/quota/period", "DAY"),
         operation("replace", "/quota/limit", "10")});
  EXPECT_EQ(admit(0).quota_remaining, 7);
}

TEST_F(EnforcerTest, FailedPatchChangesNothing) {
  set_up(with_quota(plan(1, 5), 10, v1::DAY));
  const std::string before =
      enforcer_->get_usage_plan(plan_id_)->SerializeAsString();
  const auto patched = enforcer_->apply_patch(
      plan_id_, {operation("replace", "/quota/limit", "50"),
                 operation("replace", "/quota/period", "YEAR")});
  EXPECT_EQ(patched.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(patched.status().message(), HasSubstr("operations[1]"));
  EXPECT_THAT(patched.status().message(), HasSubstr("/quota/period"));
  EXPECT_EQ(enforcer_->get_usage_plan(plan_id_)->SerializeAsString(), before);
  EXPECT_EQ(admit().quota_remaining, 9);
  EXPECT_EQ(aws_message(enforcer_->apply_patch("none", {}).status()),
            "Invalid Usage Plan ID specified");
}

// -- Usage --

TEST_F(EnforcerTest, UsageIsReportedByDay) {
  set_up(with_quota(plan(0, -1), 100, v1::MONTH));
  EXPECT_TRUE(admit(10).admitted());
  clock_->advance(2 * kDay);
  EXPECT_TRUE(admit(5).admitted());
  EXPECT_TRUE(admit(7).admitted());
  EXPECT_THAT(days("2026-03-09", "2026-03-13"),
              ElementsAre("0/100", "10/90", "0/90", "12/78", "0/78"));
  const v1::Usage u = usage("2026-03-10", "2026-03-10");
  EXPECT_EQ(u.usage_plan_id(), plan_id_);
  EXPECT_EQ(u.start_date(), "2026-03-10");
  EXPECT_EQ(u.items(0).key_id(), key_id_);
}

TEST_F(EnforcerTest, RemainingOfAPastDayIsAsItStoodThen) {
  set_up(with_quota(plan(0, -1), 100, v1::MONTH));
  EXPECT_TRUE(admit(10).admitted());
  clock_->advance(kDay);
  patch({operation("replace", "/quota/limit", "50")});
  clock_->advance(kDay);
  EXPECT_TRUE(admit(1).admitted());
  EXPECT_THAT(days("2026-03-10", "2026-03-12"),
              ElementsAre("10/90", "0/40", "1/39"));
}

TEST_F(EnforcerTest, OfManyChangesInADayTheLastCounts) {
  set_up(with_quota(plan(0, -1), 100, v1::MONTH));
  EXPECT_TRUE(admit(10).admitted());
  clock_->advance(kDay);
  for (const char* limit : {"50", "500", "70"}) {
    patch({operation("replace", "/quota/limit", limit)});
    ASSERT_TRUE(enforcer_
                    ->update_usage(plan_id_, key_id_,
                                   {operation("replace", "/remaining", limit)})
                    .ok());
  }
  EXPECT_TRUE(admit(20).admitted());
  clock_->advance(kDay);
  EXPECT_THAT(days("2026-03-10", "2026-03-12"),
              ElementsAre("10/90", "20/50", "0/50"));
}

TEST_F(EnforcerTest, UpdateUsageSetsWhatRemainsOfThePeriod) {
  set_up(with_quota(plan(0, -1), 10, v1::DAY));
  EXPECT_TRUE(admit(8).admitted());
  const auto updated = enforcer_->update_usage(
      plan_id_, key_id_, {operation("replace", "/remaining", "5")});
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->start_date(), "2026-03-10");
  EXPECT_EQ(updated->end_date(), "2026-03-10");
  EXPECT_EQ(updated->items(0).days(0).used(), 8);
  EXPECT_EQ(updated->items(0).days(0).remaining(), 5);
  EXPECT_EQ(admit_all(), 5);
  ASSERT_TRUE(enforcer_
                  ->update_usage(plan_id_, key_id_,
                                 {operation("replace", "/remaining", "0")})
                  .ok());
  EXPECT_EQ(admit_all(), 0);
  clock_->advance(kDay);
  EXPECT_EQ(admit_all(), 10);
  EXPECT_THAT(days("2026-03-10", "2026-03-11"), ElementsAre("13/0", "10/0"));
}

TEST_F(EnforcerTest, UpdateUsageRefusesEverythingElse) {
  set_up(with_quota(plan(0, -1), 10, v1::DAY));
  EXPECT_TRUE(admit(8).admitted());
  const auto refuse = [&](const v1::PatchOperation& op) {
    const auto status =
        enforcer_->update_usage(plan_id_, key_id_, {op}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return aws_message(status);
  };
  EXPECT_EQ(refuse(operation("add", "/remaining", "5")),
            "Invalid patch path  '/remaining' specified for op 'add'. Must be "
            "one of: []");
  refuse(operation("replace", "/used", "5"));
  refuse(operation("replace", "/remaining"));
  refuse(operation("replace", "/remaining", "-1"));
  refuse(operation("replace", "/remaining", "many"));
  refuse(operation("replace", "/remaining", "99999999999999999999"));
  const auto remaining = [&](double n) {
    v1::PatchOperation by = operation("replace", "/remaining");
    by.mutable_value()->set_number_value(n);
    return by;
  };
  // Only whole numbers that cannot have been rounded.
  const std::string expected =
      "operations[0]: replace /remaining: expected a whole number from 0 to "
      "8796093022207";
  for (const double n : {-1.0, 0.5, 9007199254740994.0, 1e300, -1e300,
                         std::numeric_limits<double>::infinity(),
                         std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_EQ(refuse(remaining(n)), expected) << n;
  }
  EXPECT_EQ(refuse(remaining(9007199254740992.0)),
            "Remaining requests are out of range");
  EXPECT_EQ(admit(0).quota_remaining, 2);
  for (const int n : {7, 0, 2}) {
    const auto updated =
        enforcer_->update_usage(plan_id_, key_id_, {remaining(n)});
    ASSERT_TRUE(updated.ok()) << updated.status();
    EXPECT_EQ(updated->items(0).days(0).remaining(), n);
  }
  // The last one holds; all must be valid.
  EXPECT_TRUE(absl::IsInvalidArgument(
      enforcer_->update_usage(plan_id_, key_id_, {remaining(5), remaining(-1)})
          .status()));
  EXPECT_EQ(
      enforcer_->update_usage(plan_id_, key_id_, {remaining(5), remaining(3)})
          ->items(0)
          .days(0)
          .remaining(),
      3);
  EXPECT_EQ(enforcer_->update_usage(plan_id_, key_id_, {})
                ->items(0)
                .days(0)
                .remaining(),
            3);
  EXPECT_EQ(enforcer_->update_usage(plan_id_, "nobody", {}).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(EnforcerTest, UsageDatesAreValidated) {
  set_up(plan(1, 1));
  const auto code = [&](const std::string& first, const std::string& last) {
    return enforcer_->get_usage({plan_id_, first, last, "", {}})
        .status()
        .code();
  };
  EXPECT_EQ(code("2026-03-10", "2026-03-10"), absl::StatusCode::kOk);
  EXPECT_EQ(code("2026-01-01", "2026-03-31"), absl::StatusCode::kOk);
  // The first and the last day that quotas know.
  EXPECT_EQ(code("2000-01-01", "2000-01-02"), absl::StatusCode::kOk);
  EXPECT_EQ(code("2089-09-17", "2089-09-17"), absl::StatusCode::kOk);
  for (const auto& [first, last] :
       std::vector<std::pair<std::string, std::string>>{
           {"2026-03-11", "2026-03-10"},
           {"2026-01-01", "2026-04-01"},
           {"2026-02-30", "2026-03-10"},
           {"2026-3-10", "2026-03-10"},
           {"1999-12-31", "2000-01-01"},
           {"2089-09-17", "2089-09-18"},
           {"", "2026-03-10"},
           {"2026-03-10", "yesterday"},
           {"2026-03-10T00", "2026-03-10"}}) {
    EXPECT_EQ(code(first, last), absl::StatusCode::kInvalidArgument)
        << first << " " << last;
  }
}

TEST_F(EnforcerTest, UsageIsPaged) {
  plan_id_ = create_plan(plan(1, 1));
  std::vector<std::string> ids;
  for (int i = 0; i < 60; ++i) {
    ids.push_back(create_key(absl::StrCat("a-key-with-the-number-", i)));
    associate(plan_id_, ids.back());
  }
  std::vector<std::string> seen;
  UsageRequest request{plan_id_, "2026-03-10", "2026-03-10", "", {}};
  std::vector<int> sizes;
  do {
    const auto page = enforcer_->get_usage(request);
    ASSERT_TRUE(page.ok()) << page.status();
    sizes.push_back(page->items_size());
    for (const auto& item : page->items()) seen.push_back(item.key_id());
    request.page.position = page->position();
    // A key that is added or removed does not change the others' places.
    ASSERT_TRUE(enforcer_->delete_api_key(seen.back()).ok());
    associate(plan_id_,
              create_key(absl::StrCat("a-late-key-with-number-", seen.size())));
  } while (!request.page.position.empty());
  EXPECT_THAT(sizes, ElementsAre(25, 25, 10));
  std::reverse(ids.begin(), ids.end());
  EXPECT_EQ(seen, ids);
  request.page.position = "nonsense";
  EXPECT_EQ(enforcer_->get_usage(request).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// -- Plans, keys, associations --

TEST_F(EnforcerTest, KeyHasOnePlanForAStage) {
  set_up(plan(1, 1));
  v1::UsagePlan other = plan(1, 1);
  other.mutable_api_stages(0)->set_stage("test");
  const std::string other_id = create_plan(other);
  associate(other_id, key_id_);  // Another stage: allowed.
  EXPECT_EQ(enforcer_->create_usage_plan_key(plan_id_, key_id_).status().code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(
      enforcer_
          ->apply_patch(other_id, {operation("add", "/apiStages", "api:prod")})
          .status()
          .code(),
      absl::StatusCode::kAlreadyExists);
  const std::string third_id = create_plan(plan(1, 1));
  EXPECT_EQ(enforcer_->create_usage_plan_key(third_id, key_id_).status().code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(enforcer_->list_usage_plans({}, key_id_)->items.size(), 2u);
  ASSERT_TRUE(enforcer_->delete_usage_plan_key(plan_id_, key_id_).ok());
  associate(third_id, key_id_);
  EXPECT_TRUE(admit().admitted());
}

// Whichever of the plan's keys has the stage in another plan.
TEST_F(EnforcerTest, StageIsRefusedIfOneOfManyKeysHasItElsewhere) {
  v1::UsagePlan test = plan(1, 1);
  test.mutable_api_stages(0)->set_stage("test");
  const std::string test_id = create_plan(test);
  const std::string prod_id = create_plan(plan(1, 1));
  std::vector<std::string> key_ids;
  for (int i = 0; i < 3; ++i) {
    key_ids.push_back(create_key(absl::StrCat(kKey, i)));
    associate(test_id, key_ids.back());
  }
  const auto add_stage = [&] {
    return enforcer_
        ->apply_patch(test_id, {operation("add", "/apiStages", "api:prod")})
        .status();
  };
  for (const std::string& key_id : key_ids) {
    associate(prod_id, key_id);
    const absl::Status status = add_stage();
    EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(key_id));
    EXPECT_EQ(enforcer_->get_usage_plan(test_id)->api_stages_size(), 1);
    ASSERT_TRUE(enforcer_->delete_usage_plan_key(prod_id, key_id).ok());
  }
  EXPECT_TRUE(add_stage().ok());
}

TEST_F(EnforcerTest, KeyInTwoPlansHasTheLimitsOfEach) {
  set_up(plan(0, 2));
  v1::UsagePlan other = plan(0, 3);
  other.mutable_api_stages(0)->set_stage("test");
  associate(create_plan(other), key_id_);
  EXPECT_EQ(admit_all(), 2);
  const Route test = *enforcer_->intern_route("api", "test");
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(enforcer_->admit({kKey, test, 1, std::nullopt}).admitted());
  }
  EXPECT_FALSE(enforcer_->admit({kKey, test, 1, std::nullopt}).admitted());
}

TEST_F(EnforcerTest, DissociationForgetsUsage) {
  set_up(with_quota(plan(0, -1), 3, v1::DAY));
  EXPECT_EQ(admit_all(), 3);
  ASSERT_TRUE(enforcer_->delete_usage_plan_key(plan_id_, key_id_).ok());
  EXPECT_EQ(admit().forbidden, Forbidden::kNoPlan);
  EXPECT_EQ(enforcer_->delete_usage_plan_key(plan_id_, key_id_).code(),
            absl::StatusCode::kNotFound);
  associate(plan_id_, key_id_);
  EXPECT_EQ(admit_all(), 3);
}

TEST_F(EnforcerTest, DeletedKeyIsUnknownAndItsValueFree) {
  set_up(plan(0, 2));
  EXPECT_EQ(admit_all(), 2);
  ASSERT_TRUE(enforcer_->delete_api_key(key_id_).ok());
  EXPECT_EQ(admit().forbidden, Forbidden::kUnknownKey);
  EXPECT_EQ(enforcer_->get_api_key(key_id_).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(enforcer_->list_usage_plan_keys(plan_id_)->items.size(), 0u);
  associate(plan_id_, create_key(kKey));
  EXPECT_EQ(admit_all(), 2);
}

TEST_F(EnforcerTest, ApiKeysAreValidated) {
  const auto message = [&](const v1::ApiKey& key) {
    return aws_message(enforcer_->create_api_key(key).status());
  };
  v1::ApiKey key;
  key.set_value(std::string(19, 'x'));
  EXPECT_EQ(message(key), "API Key value should be at least 20 characters");
  key.set_value(std::string(129, 'x'));
  EXPECT_EQ(message(key),
            "API Key value exceeds maximum size of 128 characters");
  key.set_value(std::string(20, ' '));
  EXPECT_THAT(message(key), HasSubstr("printable"));
  key.set_value(std::string(20, 'x'));
  key.set_name(std::string(1025, 'n'));
  EXPECT_EQ(message(key),
            "Invalid API Key name, can be at most 1024 characters.");
  key.set_name("name");
  EXPECT_EQ(message(key), "");
  EXPECT_EQ(message(key), "API Key already exists");
  EXPECT_EQ(enforcer_->create_api_key(key).status().code(),
            absl::StatusCode::kAlreadyExists);
  // No error repeats the secret.
  key.set_value("secret secret secret secret");
  EXPECT_THAT(message(key), ::testing::Not(HasSubstr("secret")));
}

TEST_F(EnforcerTest, ApiKeysMayBeAsLongAsTheyMayBe) {
  const auto code = [&](const v1::ApiKey& key) {
    return enforcer_->create_api_key(key).status().code();
  };
  constexpr auto kOk = absl::StatusCode::kOk;
  constexpr auto kBad = absl::StatusCode::kInvalidArgument;
  // The same for values of the shortest and the longest length.
  const std::string value(129, 'v');
  const Route route = this->route();
  const auto forbidden = [&](const std::string& key) {
    const Call call{key, route, 1, std::nullopt};
    Decision decision;
    enforcer_->admit(absl::MakeConstSpan(&call, 1),
                     absl::MakeSpan(&decision, 1));
    EXPECT_EQ(decision.forbidden, enforcer_->admit(call).forbidden);
    return decision.forbidden;
  };
  for (const size_t size : {20, 127, 128}) {
    v1::ApiKey key;
    key.set_value(value.substr(0, size));
    key.set_enabled(true);
    EXPECT_EQ(code(key), kOk) << size;
    EXPECT_EQ(forbidden(key.value()), Forbidden::kNoPlan);
    EXPECT_TRUE(static_cast<bool>(enforcer_->resolve(key.value())));
  }
  for (const size_t size : {0, 1, 126, 129}) {
    EXPECT_EQ(forbidden(value.substr(0, size)), Forbidden::kUnknownKey);
    EXPECT_FALSE(static_cast<bool>(enforcer_->resolve(value.substr(0, size))));
  }
  // Characters count, not bytes.
  const auto text = [](size_t characters) {
    std::string text;
    for (size_t i = 0; i < characters; ++i) text += "\xc3\xa9";
    return text;
  };
  v1::ApiKey key;
  key.set_name(text(1024));
  key.set_description(text(125'000));
  key.set_customer_id(text(1024));
  for (int i = 0; i < 1000; ++i) {
    key.add_stage_keys(std::string(511, 'a') + "/" + "b");
  }
  EXPECT_EQ(code(key), kOk);
  for (const auto& change : std::vector<std::function<void(v1::ApiKey&)>>{
           [&](v1::ApiKey& key) { key.set_name(text(1025)); },
           [&](v1::ApiKey& key) { key.set_name("\xff"); },
           [&](v1::ApiKey& key) { key.set_description(text(125'001)); },
           [&](v1::ApiKey& key) { key.set_description("\xff"); },
           [&](v1::ApiKey& key) { key.set_customer_id(text(1025)); },
           [&](v1::ApiKey& key) { key.set_customer_id("\xff"); },
           [&](v1::ApiKey& key) { key.add_stage_keys("a/b"); },
           [&](v1::ApiKey& key) {
             key.set_stage_keys(999, std::string(512, 'a') + "/b");
           },
           [&](v1::ApiKey& key) { key.set_stage_keys(0, "\xff/b"); }}) {
    v1::ApiKey changed = key;
    change(changed);
    EXPECT_EQ(code(changed), kBad) << changed.ShortDebugString().substr(0, 99);
  }
}

TEST_F(EnforcerTest, ApiKeysKeepEachTextOfTheirs) {
  std::vector<v1::ApiKey> keys(6);
  keys[1].set_name("name");
  keys[2].set_description("description");
  keys[3].set_customer_id("customer");
  (*keys[4].mutable_tags())["a"] = "b";
  keys[5].add_stage_keys("api/prod");
  for (const v1::ApiKey& key : keys) {
    const auto created = enforcer_->create_api_key(key);
    ASSERT_TRUE(created.ok()) << created.status();
    EXPECT_EQ(enforcer_->get_api_key(created->id(), true)->ShortDebugString(),
              created->ShortDebugString());
    EXPECT_EQ(created->name(), key.name());
    EXPECT_EQ(created->description(), key.description());
    EXPECT_EQ(created->customer_id(), key.customer_id());
    EXPECT_EQ(created->tags_size(), key.tags_size());
    EXPECT_EQ(created->stage_keys_size(), key.stage_keys_size());
  }
}

TEST_F(EnforcerTest, ApiKeyIsEnabledByTrueAlone) {
  key_id_ = create_key(kKey);
  const auto enabled_by = [&](const google::protobuf::Value& value) {
    v1::PatchOperation by = operation("replace", "/enabled");
    *by.mutable_value() = value;
    const auto key = enforcer_->update_api_key(key_id_, {by});
    EXPECT_TRUE(key.ok()) << key.status();
    EXPECT_EQ(enforcer_->get_api_key(key_id_)->enabled(), key->enabled());
    return key->enabled();
  };
  google::protobuf::Value value;
  for (const char* text : {"true", "TRUE", "True"}) {
    value.set_string_value("no");
    EXPECT_FALSE(enabled_by(value));
    value.set_string_value(text);
    EXPECT_TRUE(enabled_by(value)) << text;
  }
  value.set_bool_value(false);
  EXPECT_FALSE(enabled_by(value));
  value.set_bool_value(true);
  EXPECT_TRUE(enabled_by(value));
  // Only this path takes a boolean, and it does not take a number.
  v1::PatchOperation by = operation("replace", "/name");
  *by.mutable_value() = value;
  EXPECT_TRUE(absl::IsInvalidArgument(
      enforcer_->update_api_key(key_id_, {by}).status()));
  by.set_path("/enabled");
  by.mutable_value()->set_number_value(1);
  const absl::Status status = enforcer_->update_api_key(key_id_, {by}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("operations[0]: replace /enabled: expected \"true\" or "
                        "\"false\", got "));
}

TEST_F(EnforcerTest, ApiKeyValueIsShownOnlyWhenAskedFor) {
  v1::ApiKey key;
  key.set_name("generated");
  const auto created = enforcer_->create_api_key(key);
  ASSERT_TRUE(created.ok());
  EXPECT_EQ(created->value().size(), 40u);
  EXPECT_EQ(created->id().size(), 10u);
  EXPECT_FALSE(created->enabled());
  EXPECT_EQ(enforcer_->get_api_key(created->id())->value(), "");
  EXPECT_EQ(enforcer_->get_api_key(created->id(), true)->value(),
            created->value());
  EXPECT_EQ(enforcer_->list_api_keys()->items[0].value(), "");
  EXPECT_EQ(enforcer_->list_api_keys({}, true)->items[0].value(),
            created->value());
}

TEST_F(EnforcerTest, UpdateApiKeyTakesItsPathsOnly) {
  key_id_ = create_key(kKey);
  const auto updated = enforcer_->update_api_key(
      key_id_, {operation("replace", "/name", "n"),
                operation("replace", "/description", "d"),
                operation("replace", "/customerId", "c")});
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->name(), "n");
  EXPECT_EQ(updated->description(), "d");
  EXPECT_EQ(updated->customer_id(), "c");
  EXPECT_EQ(updated->value(), "");
  EXPECT_EQ(aws_message(enforcer_
                            ->update_api_key(
                                key_id_, {operation("replace", "/value", "v")})
                            .status()),
            "Invalid patch path  '/value' specified for op 'replace'. Must be "
            "one of: [/description, /enabled, /name, /customerId]");
  EXPECT_EQ(
      enforcer_
          ->update_api_key(key_id_, {operation("replace", "/name", "other"),
                                     operation("remove", "/name")})
          .status()
          .code(),
      absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(enforcer_->get_api_key(key_id_)->name(), "n");
}

TEST_F(EnforcerTest, PlanIsDeletedWhenItHasNoStages) {
  set_up(plan(1, 1));
  const auto status = enforcer_->delete_usage_plan(plan_id_);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(aws_message(status),
            absl::StrCat("Cannot delete Usage Plan ", plan_id_,
                         " because there are API Stages associated with it, "
                         "including api:prod"));
  patch({operation("remove", "/apiStages", "api:prod")});
  ASSERT_TRUE(enforcer_->delete_usage_plan(plan_id_).ok());
  EXPECT_EQ(enforcer_->get_usage_plan(plan_id_).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(admit().forbidden, Forbidden::kNoPlan);
  EXPECT_EQ(enforcer_->get_usage_plan_key(plan_id_, key_id_).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(EnforcerTest, PlansAreValidatedOnCreation) {
  v1::UsagePlan bad = plan(-1, 1);
  EXPECT_EQ(enforcer_->create_usage_plan(bad).status().code(),
            absl::StatusCode::kInvalidArgument);
  bad = plan(1, 1);
  bad.clear_throttle();
  (*bad.mutable_api_stages(0)->mutable_throttle())["/a/GET"].set_burst_limit(1);
  EXPECT_EQ(
      aws_message(enforcer_->create_usage_plan(bad).status()),
      "Can not define fine grain throttling if usage plan throttle is not "
      "defined.");
  v1::UsagePlan own_id = plan(1, 1);
  own_id.set_id("my-plan_1");
  EXPECT_EQ(create_plan(own_id), "my-plan_1");
  EXPECT_EQ(enforcer_->create_usage_plan(own_id).status().code(),
            absl::StatusCode::kAlreadyExists);
  own_id.set_id("bad id");
  EXPECT_EQ(enforcer_->create_usage_plan(own_id).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(EnforcerTest, ListsAreInPagesWithTheNewestFirst) {
  std::vector<std::string> ids;
  for (int i = 0; i < 30; ++i) ids.push_back(create_plan(plan(1, 1)));
  std::reverse(ids.begin(), ids.end());
  std::vector<std::string> seen;
  PageRequest request{"", 12};
  do {
    const auto page = enforcer_->list_usage_plans(request);
    ASSERT_TRUE(page.ok());
    EXPECT_LE(page->items.size(), 12u);
    for (const auto& item : page->items) seen.push_back(item.id());
    request.position = page->position;
  } while (!request.position.empty());
  EXPECT_EQ(seen, ids);
  EXPECT_EQ(enforcer_->list_usage_plans({"", -1})->items.size(), 25u);
  const PageRequest nowhere{"nonsense"};
  for (const absl::Status& status :
       {enforcer_->list_usage_plans(nowhere).status(),
        enforcer_->list_api_keys(nowhere).status(),
        enforcer_->list_usage_plan_keys(ids[0], nowhere).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  }
}

// -- Memory --

TEST_F(EnforcerTest, ChurnUsesNoMoreMemory) {
  set_up(with_quota(plan(1, 5), 1000, v1::DAY));
  const auto churn = [&] {
    for (int i = 0; i < 50; ++i) {
      const std::string value = absl::StrCat("a-key-that-comes-and-goes-", i);
      const std::string id = create_key(value);
      associate(plan_id_, id);
      EXPECT_TRUE(admit(1, "", value).admitted());
      patch(
          {operation("replace", "/throttle/rateLimit", absl::StrCat(1 + i)),
           operation("add", "/apiStages/api:prod/throttle//churn/GET/rateLimit",
                     absl::StrCat(1 + i))});
      clock_->advance(kDay);
      EXPECT_TRUE(admit(1, "", value).admitted());
      ASSERT_TRUE(enforcer_->delete_api_key(id).ok());
    }
  };
  churn();
  const size_t used = enforcer_->statistics().arena_used_bytes;
  for (int i = 0; i < 10; ++i) churn();
  EXPECT_LT(enforcer_->statistics().arena_used_bytes, used + 20'000);
  EXPECT_EQ(enforcer_->statistics().api_keys, 1u);
}

TEST(EnforcerMemory, DeletedPlansLeaveNothing) {
  auto enforcer = *Enforcer::create({});
  v1::UsagePlan plan;
  plan.set_name("plan");
  plan.mutable_throttle()->set_rate_limit(1);
  v1::ApiStage* stage = plan.add_api_stages();
  stage->set_api_id("api");
  stage->set_stage("prod");
  for (int i = 0; i < 20; ++i) {
    (*stage->mutable_throttle())[absl::StrCat("/", i, "/GET")].set_rate_limit(
        1);
  }
  const auto churn = [&] {
    const std::string id = enforcer->create_usage_plan(plan)->id();
    ASSERT_TRUE(
        enforcer
            ->apply_patch(id, {operation("remove", "/apiStages", "api:prod")})
            .ok());
    ASSERT_TRUE(enforcer->delete_usage_plan(id).ok());
  };
  for (int i = 0; i < 10; ++i) churn();
  const size_t used = enforcer->statistics().arena_used_bytes;
  for (int i = 0; i < 100; ++i) churn();
  EXPECT_LE(enforcer->statistics().arena_used_bytes, used + 20'000);
}

TEST(EnforcerMemory, UsedUpArenaIsAnErrorAndChangesNothing) {
  Options options;
  options.arena_bytes = size_t{1} << 20;
  auto enforcer = *Enforcer::create(options);
  v1::ApiKey key;
  absl::Status status;
  size_t created = 0;
  while (status.ok() && created < 100'000) {
    status = enforcer->create_api_key(key).status();
    if (status.ok()) ++created;
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_GT(created, 1000u);
  EXPECT_EQ(enforcer->statistics().api_keys, created);
  // What is deleted makes room again.
  const auto page = enforcer->list_api_keys();
  ASSERT_TRUE(enforcer->delete_api_key(page->items[0].id()).ok());
  EXPECT_TRUE(enforcer->create_api_key(key).ok());
}

TEST(EnforcerMemory, PatchThatFindsNoMemoryChangesNothing) {
  Options options;
  options.arena_bytes = size_t{1} << 20;
  auto enforcer = *Enforcer::create(options);
  v1::UsagePlan plan;
  plan.set_name("plan");
  plan.mutable_quota()->set_limit(2);
  plan.mutable_quota()->set_period(v1::DAY);
  const auto before = enforcer->create_usage_plan(plan);
  while (enforcer->create_api_key({}).ok()) {
  }
  // A reader that stays inside keeps each version's memory.
  internal::EpochDomain::Guard guard;
  int64_t limit = 2;
  absl::Status status;
  while (status.ok()) {
    status =
        enforcer
            ->apply_patch(before->id(), {operation("replace", "/quota/limit",
                                                   absl::StrCat(limit + 1))})
            .status();
    if (status.ok()) ++limit;
    ASSERT_LT(limit, 10'000);
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(enforcer->get_usage_plan(before->id())->quota().limit(), limit);
}

// One of two plans may learn of the route before memory runs out for the other.
TEST(EnforcerMemory, RouteThatFailedIsNoOtherRoute) {
  Options options;
  options.arena_bytes = size_t{1} << 20;
  auto enforcer = *Enforcer::create(options);
  std::vector<std::string> keys;
  for (int i = 0; i < 2; ++i) {
    v1::UsagePlan plan;
    plan.set_name("plan");
    v1::ApiStage* stage = plan.add_api_stages();
    stage->set_api_id("api");
    stage->set_stage("prod");
    const std::string plan_id = enforcer->create_usage_plan(plan)->id();
    v1::ApiKey document;
    document.set_enabled(true);
    const auto key = enforcer->create_api_key(document);
    ASSERT_TRUE(enforcer->create_usage_plan_key(plan_id, key->id()).ok());
    keys.push_back(key->value());
    // A block that was freed serves one of the two.
    if (i == 0) {
      ASSERT_TRUE(enforcer
                      ->apply_patch(plan_id,
                                    {operation("replace", "/description", "x")})
                      .ok());
    }
  }
  while (enforcer->create_api_key({}).ok()) {
  }
  EXPECT_EQ(enforcer->intern_route("api", "prod", "/a/GET").status().code(),
            absl::StatusCode::kResourceExhausted);
  const auto other = enforcer->intern_route("api", "test", "/a/GET");
  ASSERT_TRUE(other.ok());
  for (const std::string& key : keys) {
    EXPECT_EQ(enforcer->admit({key, *other, 1, std::nullopt}).forbidden,
              Forbidden::kNoPlan);
  }
}

TEST_F(EnforcerTest, PlansAndKeysHaveTags) {
  const std::string plan_id = create_plan(plan(10, 10));
  const std::string key_id = create_key(kKey);
  const TagChanges more{{{"a", "1"}, {"b", "2"}, {"c", "3"}}, {"c", "none"}};
  const auto tagged_plan = enforcer_->tag_usage_plan(plan_id, more);
  const auto tagged_key = enforcer_->tag_api_key(key_id, more);
  ASSERT_TRUE(tagged_plan.ok()) << tagged_plan.status();
  ASSERT_TRUE(tagged_key.ok()) << tagged_key.status();
  EXPECT_EQ(tagged_key->value(), "");
  for (const auto& tags : {enforcer_->get_usage_plan(plan_id)->tags(),
                           enforcer_->get_api_key(key_id)->tags()}) {
    EXPECT_EQ(tags.size(), 2u);
    EXPECT_EQ(tags.at("a"), "1");
    EXPECT_EQ(tags.at("b"), "2");
  }
  // All or nothing; 50 at most.
  TagChanges most;
  for (int i = 0; i < 49; ++i) most.set[absl::StrCat("t", i)] = "";
  EXPECT_TRUE(absl::IsInvalidArgument(
      enforcer_->tag_usage_plan(plan_id, most).status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(enforcer_->tag_api_key(key_id, most).status()));
  EXPECT_EQ(enforcer_->get_usage_plan(plan_id)->tags().size(), 2u);
  EXPECT_EQ(enforcer_->get_api_key(key_id)->tags().size(), 2u);
  most.remove = {"t0"};
  EXPECT_EQ(enforcer_->tag_usage_plan(plan_id, most)->tags().size(), 50u);
  EXPECT_EQ(enforcer_->tag_api_key(key_id, most)->tags().size(), 50u);
  for (int i = 1; i < 49; ++i) most.remove.push_back(absl::StrCat("t", i));
  most.set.clear();
  EXPECT_EQ(enforcer_->tag_usage_plan(plan_id, most)->tags().size(), 2u);
  EXPECT_EQ(enforcer_->tag_api_key(key_id, most)->tags().size(), 2u);
  // Not the system's time.
  const TagChanges reserved{{{"aws:a", "1"}}, {}};
  EXPECT_TRUE(absl::IsInvalidArgument(
      enforcer_->tag_usage_plan(plan_id, reserved).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      enforcer_->tag_api_key(key_id, reserved).status()));
  EXPECT_TRUE(absl::IsNotFound(enforcer_->tag_usage_plan("x", more).status()));
  EXPECT_TRUE(absl::IsNotFound(enforcer_->tag_api_key("x", more).status()));
  // A patch keeps them.
  ASSERT_TRUE(
      enforcer_->apply_patch(plan_id, {operation("replace", "/name", "n")})
          .ok());
  EXPECT_EQ(enforcer_->get_usage_plan(plan_id)->tags().size(), 2u);
}

TEST_F(EnforcerTest, KeysNameStagesThatMeanNothing) {
  const std::string id = create_key(kKey);
  const auto stages_after = [&](std::vector<v1::PatchOperation> operations) {
    const auto key = enforcer_->update_api_key(id, operations);
    EXPECT_TRUE(key.ok()) << key.status();
    const v1::ApiKey now = *enforcer_->get_api_key(id);
    return std::vector<std::string>(now.stage_keys().begin(),
                                    now.stage_keys().end());
  };
  EXPECT_THAT(stages_after({operation("add", "/stages", "a/s"),
                            operation("add", "/stages", "b/s"),
                            operation("add", "/stages", "a/s")}),
              ElementsAre("a/s", "b/s"));
  EXPECT_THAT(stages_after({operation("remove", "/stages", "a/s"),
                            operation("remove", "/stages", "z/s")}),
              ElementsAre("b/s"));
  for (const char* bad : {"", "a", "/s", "a/", "a/b/c"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(
        enforcer_->update_api_key(id, {operation("add", "/stages", bad)})
            .status()))
        << bad;
  }
}

}  // namespace
}  // namespace weir
