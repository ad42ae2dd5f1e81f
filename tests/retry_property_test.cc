// `retry_after` is exact under any plan: a nanosecond earlier the same request
// is refused, at that time it is admitted; and "never" means never.

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/enforcer/decision.h"
#include "weir/enforcer/enforcer.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/tests/time_constants.h"

namespace weir {
namespace {

constexpr char kKey[] = "a-key-of-twenty-and-more-characters";

uint64_t seed() {
  const char* text = std::getenv("WEIR_TEST_SEED");
  return text == nullptr ? 20260310 : std::strtoull(text, nullptr, 10);
}

class RandomPlan {
 public:
  explicit RandomPlan(std::mt19937_64& random) : random_(random) {
    Options options;
    options.clock = std::make_shared<ManualClock>(now_.unix_ns);
    options.arena_bytes = size_t{1} << 20;
    if (any(2) == 0) options.method_throttle = MethodThrottle::kAddsToPlan;
    enforcer_ = *Enforcer::create(options);
    v1::UsagePlan plan;
    plan.set_id("plan");
    plan.set_name("plan");
    v1::ApiStage* stage = plan.add_api_stages();
    stage->set_api_id("api");
    stage->set_stage("prod");
    if (any(4) != 0) {
      set_throttle(*plan.mutable_throttle());
      if (any(2) == 0) {
        set_throttle((*stage->mutable_throttle())["/pets/GET"]);
      }
    }
    if (any(4) != 0) {
      plan.mutable_quota()->set_limit(any(41));
      plan.mutable_quota()->set_period(
          static_cast<v1::QuotaPeriod>(v1::DAY + any(3)));
    }
    EXPECT_TRUE(enforcer_->create_usage_plan(plan).ok());
    v1::ApiKey key;
    key.set_id("key");
    key.set_value(kKey);
    key.set_enabled(true);
    EXPECT_TRUE(enforcer_->create_api_key(key).ok());
    EXPECT_TRUE(enforcer_->create_usage_plan_key("plan", "key").ok());
    route_ = *enforcer_->intern_route("api", "prod", "/pets/GET");
  }

  int64_t any(int64_t below) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(below));
  }
  Decision ask(Instant now, uint32_t cost) {
    return enforcer_->admit({kKey, route_, cost, now});
  }

  // Returns how many finite retries were checked.
  int run(int requests) {
    int checked = 0;
    for (int i = 0; i < requests; ++i) {
      // From a nanosecond to some hours.
      now_ = now_ + any(int64_t{1} << any(45));
      const auto cost = static_cast<uint32_t>(1 + any(any(4) == 0 ? 30 : 3));
      const Decision d = ask(now_, cost);
      if (d.admitted()) continue;
      if (d.retry_after() == absl::InfiniteDuration()) {
        EXPECT_FALSE(ask(now_ + 400 * kDay, cost).admitted());
        continue;
      }
      const int64_t wait = absl::ToInt64Nanoseconds(d.retry_after());
      EXPECT_GT(wait, 0);
      EXPECT_FALSE(ask(now_ + (wait - 1), cost).admitted());
      EXPECT_TRUE(ask(now_ + wait, cost).admitted());
      now_ = now_ + wait;
      ++checked;
    }
    return checked;
  }

 private:
  void set_throttle(v1::ThrottleSettings& throttle) {
    const double rates[] = {0, 0.1, 1.0 / 3, 3, 10, 999, 1234567, 1e-5, 1e7};
    throttle.set_rate_limit(rates[any(9)]);
    throttle.set_burst_limit(any(12));
  }

  std::mt19937_64& random_;
  Instant now_{20'000 * kDay, 20'000 * kDay};  // 2024-10-04
  std::unique_ptr<Enforcer> enforcer_;
  Route route_;
};

TEST(RetryAfter, IsExactToTheNanosecond) {
  std::mt19937_64 random(seed());
  SCOPED_TRACE(testing::Message() << "WEIR_TEST_SEED=" << seed());
  int checked = 0;
  for (int i = 0; i < 400 && !testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE(testing::Message() << "plan " << i);
    checked += RandomPlan(random).run(60);
  }
  EXPECT_GT(checked, 1000);
}

}  // namespace
}  // namespace weir
