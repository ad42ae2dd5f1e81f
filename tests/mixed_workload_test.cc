// Everything at once, for the sanitizers above all: requests of many kinds and
// ages, patches, keys and associations that come and go, extensions, reports,
// new routes, threads and enforcers, while days and months pass.

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/enforcer/decision.h"
#include "weir/enforcer/enforcer.h"
#include "weir/enforcer/route.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/patch_operation.pb.h"
#include "weir/proto/usage.pb.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/quota/calendar.h"
#include "weir/tests/patch_operations.h"
#include "weir/tests/time_constants.h"

namespace weir {
namespace {

using Random = std::mt19937_64;

constexpr Day kFirstDay = 9543;
constexpr int kDays = 80;  // that pass; usage is reported for 90

// Keys by what happens to their plan: nothing, patches and extensions, or, to
// the keys themselves, all that can.
constexpr int kStill = 3;
constexpr int kMoving = 5;
constexpr int kFleeting = 24;
constexpr int kKeys = kStill + kMoving + kFleeting;

// The limits of the plan that stays as it is.
constexpr int64_t kBurst = 5;
constexpr int64_t kTokensPerHour = 1;
constexpr int64_t kQuota = 20;  // a day
constexpr int64_t kOnce = 50;   // burst of a method whose rate is 0

int64_t from_environment(const char* name, int64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoll(text, nullptr, 10);
}

std::string id(int key) { return absl::StrCat("id-", key); }

std::string date(Day day) {
  return absl::FormatTime("%Y-%m-%d", absl::FromUnixNanos(start_of(day)),
                          absl::UTCTimeZone());
}

// What a decision says must go together, whatever was decided.
bool is_well_formed(const Decision& d) {
  const bool refused_by_limit =
      d.outcome == Outcome::kThrottled || d.outcome == Outcome::kQuotaExceeded;
  if (d.admitted() != (d.retry_after_ns == 0)) return false;
  if (d.retry_after_ns < 0) return false;
  if ((d.outcome == Outcome::kForbidden) != (d.forbidden != Forbidden::kNo)) {
    return false;
  }
  if (refused_by_limit != (d.limit != Limit::kNone)) return false;
  if ((d.outcome == Outcome::kQuotaExceeded) != (d.limit == Limit::kQuota)) {
    return false;
  }
  if (d.burst < 0
          ? d.tokens_remaining() != -1
          : d.tokens_remaining() < 0 || d.tokens_remaining() > d.burst) {
    return false;
  }
  return d.quota_limit < 0
             ? d.quota_remaining == -1
             : d.quota_remaining >= 0 && d.quota_remaining <= d.quota_limit;
}

// The enforcer, what was asked of it, and those who ask.
class Workload {
 public:
  // What was asked for a key, and what was admitted, in tokens: the one counted
  // before the call, the other after.
  struct Tally {
    std::atomic<int64_t> asked{0};
    std::atomic<int64_t> admitted{0};
    // Of a key under the plan that stays as it is.
    std::atomic<int64_t> from_plan{0};  // from the plan's bucket
    std::atomic<int64_t> from_method{0};
    std::array<std::atomic<int64_t>, kDays + 1> by_day{};
  };

  Workload() {
    Options options;
    options.clock = clock_;
    enforcer_ = *Enforcer::create(options);
  }

  void set_up();
  // All of them at once, for WEIR_TEST_SECONDS.
  void run(int64_t seed);
  void expect_exact();
  // Deletes everything.
  void expect_nothing_left();

 private:
  // -- The control plane, by one thread --

  void create_plan(const std::string& plan_id, const std::string& api,
                   double rate, int64_t burst, int64_t quota) {
    v1::UsagePlan plan;
    plan.set_id(plan_id);
    plan.set_name(plan_id);
    v1::ApiStage* stage = plan.add_api_stages();
    stage->set_api_id(api);
    stage->set_stage("prod");
    plan.mutable_throttle()->set_rate_limit(rate);
    plan.mutable_throttle()->set_burst_limit(burst);
    plan.mutable_quota()->set_limit(quota);
    plan.mutable_quota()->set_period(v1::DAY);
    expect_ok(enforcer_->create_usage_plan(plan).status());
  }

  void create_key(int key) {
    v1::ApiKey document;
    document.set_id(id(key));
    document.set_value(values_[key]);
    document.set_enabled(true);
    expect_ok(enforcer_->create_api_key(document).status());
  }

  void patch(const std::string& plan,
             const std::vector<v1::PatchOperation>& operations) {
    expect_ok(enforcer_->apply_patch(plan, operations).status());
  }

  static void expect_ok(const absl::Status& status) {
    EXPECT_TRUE(status.ok()) << status;
  }

  // Has the enforcer free what it can, by creating and deleting a key.
  size_t arena_used() {
    for (int i = 0; i < 4; ++i) {
      create_key(kStill);
      expect_ok(enforcer_->delete_api_key(id(kStill)));
    }
    return enforcer_->statistics().arena_used_bytes;
  }

  // -- Requests --

  void admit(int key, Route route, Random& random) {
    const auto cost = static_cast<uint32_t>(random() % 4);
    Call call{values_[key], route, cost, std::nullopt};
    // Some have read the time a while ago.
    if (random() % 3 == 0) {
      call.now = clock_->now() + -static_cast<int64_t>(random() % (2 * kHour));
    }
    Tally& tally = tallies_[key];
    tally.asked += cost;
    const Decision decision = enforcer_->admit(call);
    EXPECT_TRUE(is_well_formed(decision));
    if (!decision.admitted()) return;
    tally.admitted += cost;
    if (key >= kStill) return;
    (route == once_ ? tally.from_method : tally.from_plan) += cost;
    const Day day = decision.day - kFirstDay;
    ASSERT_TRUE(0 <= day && day <= kDays) << day;
    tally.by_day[day] += cost;
  }

  Route any_route(Random& random) const {
    return routes_[random() % routes_.size()];
  }

  void admit_hot(Random& random) {
    const int key = random() % 2 == 0 ? 0 : kStill;
    admit(key, key == 0 ? still_ : moving_, random);
  }

  void admit_any(Random& random) {
    const int key = static_cast<int>(random() % kKeys);
    if (key < kStill) {
      admit(key, random() % 4 == 0 ? once_ : still_, random);
    } else {
      admit(key, any_route(random), random);
    }
  }

  // -- Operators, each of whom does one thing a call --

  void patch_plan(Random& random) {
    const std::string number = absl::StrCat(1 + random() % 1000);
    const std::string method =
        absl::StrCat("/apiStages/api:prod/throttle//m", random() % 12, "/GET");
    switch (random() % 8) {
      case 0: {
        static constexpr double kRates[] = {0, 0.1, 33, 1e3, 1e6, 1e9};
        patch("moving", {operation("replace", "/throttle/rateLimit",
                                   absl::StrCat(kRates[random() % 6]))});
        break;
      }
      case 1:
        patch("moving", {operation("replace", "/throttle/burstLimit", number)});
        break;
      case 2:
        patch("moving", {operation("replace", "/quota/limit", number),
                         operation("replace", "/quota/offset",
                                   absl::StrCat(random() % 2)),
                         operation("replace", "/quota/period",
                                   random() % 2 == 0 ? "MONTH" : "WEEK")});
        break;
      case 3:
        patch("moving", {operation("remove", "/quota")});
        patch("moving", {operation("add", "/quota/limit", number),
                         operation("add", "/quota/period", "DAY")});
        break;
      case 4:
        patch("moving", {operation("add", method + "/burstLimit", number),
                         operation("add", method + "/rateLimit", number)});
        break;
      case 5:
        patch("moving", {operation("add", method + "/burstLimit", "3")});
        patch("moving", {operation("remove", method)});
        break;
      case 6:
        patch("moving", {operation("add", "/apiStages", "api:beta")});
        patch("moving", {operation("remove", "/apiStages", "api:beta")});
        break;
      default:
        patch("moving", {operation("remove", "/apiStages/api:prod/throttle")});
        patch("moving", {operation("remove", "/throttle")});
        patch("moving", {operation("add", "/throttle/burstLimit", number),
                         operation("add", "/throttle/rateLimit", "5")});
    }
  }

  // Keys of no plan, of one, and of two, that are switched off and on.
  void change_key(Random& random) {
    const int key = kStill + kMoving + static_cast<int>(random() % kFleeting);
    const bool exists = enforcer_->get_api_key(id(key)).ok();
    if (!exists) {
      create_key(key);
      return;
    }
    const std::string plan = random() % 2 == 0 ? "moving" : "other";
    const bool associated = enforcer_->get_usage_plan_key(plan, id(key)).ok();
    switch (random() % 5) {
      case 0:
        expect_ok(enforcer_->delete_api_key(id(key)));
        break;
      case 1:
        expect_ok(
            enforcer_
                ->update_api_key(
                    id(key), {operation("replace", "/enabled",
                                        random() % 2 == 0 ? "true" : "false")})
                .status());
        break;
      default:
        expect_ok(
            associated
                ? enforcer_->delete_usage_plan_key(plan, id(key))
                : enforcer_->create_usage_plan_key(plan, id(key)).status());
    }
  }

  void extend_and_report(Random& random) {
    const int key = kStill + static_cast<int>(random() % kMoving);
    switch (random() % 5) {
      case 0: {
        // Without a quota there is nothing to extend.
        const auto usage = enforcer_->update_usage(
            "moving", id(key),
            {operation("replace", "/remaining", absl::StrCat(random() % 90))});
        EXPECT_TRUE(usage.ok() || usage.status().code() ==
                                      absl::StatusCode::kFailedPrecondition)
            << usage.status();
        break;
      }
      case 1: {
        const int64_t at_least = tallies_[key].admitted;
        const int64_t used = used_by("moving", key);
        EXPECT_GE(used, at_least);
        EXPECT_LE(used, tallies_[key].asked);
        break;
      }
      case 2:
        expect_ok(enforcer_->list_api_keys({"", 7}).status());
        expect_ok(enforcer_->list_usage_plans({"", 1}, id(key)).status());
        expect_ok(
            enforcer_->list_usage_plan_keys("moving", {"", 100}).status());
        break;
      case 3: {
        const Enforcer::Statistics statistics = enforcer_->statistics();
        EXPECT_EQ(statistics.usage_plans, 3u);
        EXPECT_LE(statistics.api_keys, static_cast<size_t>(kKeys));
        EXPECT_EQ(statistics.days_not_recorded, 0);
        break;
      }
      default:
        // A route that no thread had yet, while others use theirs.
        const auto route = enforcer_->intern_route(
            "api", "prod", absl::StrCat("/new", random() % 500, "/GET"));
        expect_ok(route.status());
        admit(key, *route, random);
    }
  }

  int64_t used_by(const std::string& plan, int key) {
    const auto usage = enforcer_->get_usage(
        {plan, date(kFirstDay), date(kFirstDay + 89), id(key), {}});
    EXPECT_TRUE(usage.ok()) << usage.status();
    int64_t used = 0;
    for (const v1::DailyUsage& day : usage->items(0).days()) used += day.used();
    return used;
  }

  void use_another_enforcer(Random& random) {
    Options options;
    options.clock = clock_;
    options.arena_bytes = size_t{1} << 24;
    const auto other = *Enforcer::create(options);
    EXPECT_EQ(other->admit({values_[0], still_, 1, std::nullopt}).forbidden,
              Forbidden::kUnknownKey);
    admit_hot(random);
  }

  // A thread that asks a few times and ends, of which some begin as others end.
  void send_a_visitor(Random& random) {
    std::thread([this, seed = random()] {
      Random random(seed);
      for (int i = 0; i < 3; ++i) admit_any(random);
    }).join();
  }

  void pass_time(Random& random) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const int64_t end = start_of(kFirstDay + kDays);
    const int64_t step = static_cast<int64_t>(random() % (5 * kHour / 4));
    if (clock_->now().unix_ns + step < end) clock_->advance(step);
  }

  static constexpr int64_t kBegin = start_of(kFirstDay) + 12 * kHour;

  const std::shared_ptr<ManualClock> clock_ =
      std::make_shared<ManualClock>(kBegin);
  std::unique_ptr<Enforcer> enforcer_;
  std::array<Tally, kKeys> tallies_;
  std::vector<std::string> values_;
  Route still_;  // takes from the plan's bucket
  Route once_;   // from its method's
  Route moving_;
  std::vector<Route> routes_;
  size_t used_before_ = 0;
};

void Workload::set_up() {
  for (int key = 0; key < kKeys; ++key) {
    values_.push_back(absl::StrCat("the-value-of-the-key-", key));
  }
  still_ = *enforcer_->intern_route("quiet", "prod");
  once_ = *enforcer_->intern_route("quiet", "prod", "/once/GET");
  moving_ = *enforcer_->intern_route("api", "prod");
  routes_ = {moving_, *enforcer_->intern_route("api", "beta"),
             *enforcer_->intern_route("other", "prod")};
  for (int i = 0; i < 12; ++i) {
    routes_.push_back(
        *enforcer_->intern_route("api", "prod", absl::StrCat("/m", i, "/GET")));
  }
  // The key table keeps the size that it once had.
  for (int key = 0; key < kKeys; ++key) create_key(key);
  for (int key = 0; key < kKeys; ++key) {
    expect_ok(enforcer_->delete_api_key(id(key)));
  }
  used_before_ = arena_used();

  create_plan("still", "quiet", kTokensPerHour / 3600.0, kBurst, kQuota);
  patch("still", {operation("add",
                            "/apiStages/quiet:prod/throttle//once/GET"
                            "/burstLimit",
                            absl::StrCat(kOnce))});
  create_plan("moving", "api", 1000, 100, 1000);
  create_plan("other", "other", 1000, 100, 1000);
  for (int key = 0; key < kStill + kMoving; ++key) {
    create_key(key);
    expect_ok(
        enforcer_
            ->create_usage_plan_key(key < kStill ? "still" : "moving", id(key))
            .status());
  }
}

void Workload::run(int64_t seed) {
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  using Act = void (Workload::*)(Random&);
  for (const Act act :
       {&Workload::admit_hot, &Workload::admit_any, &Workload::admit_any,
        &Workload::patch_plan, &Workload::change_key,
        &Workload::extend_and_report, &Workload::use_another_enforcer,
        &Workload::send_a_visitor, &Workload::send_a_visitor,
        &Workload::pass_time}) {
    threads.emplace_back([&, act, own = seed + threads.size()] {
      Random random(own);
      while (!stop) (this->*act)(random);
    });
  }
  std::this_thread::sleep_for(
      std::chrono::seconds(from_environment("WEIR_TEST_SECONDS", 3)));
  stop = true;
  for (std::thread& thread : threads) thread.join();
}

void Workload::expect_exact() {
  // Under limits that were not changed, no key got more.
  const int64_t hours = (clock_->now().monotonic - kBegin) / kHour;
  EXPECT_GT(hours, 24);
  for (int key = 0; key < kStill; ++key) {
    const Tally& tally = tallies_[key];
    EXPECT_GT(tally.from_plan, 0);
    EXPECT_LE(tally.from_plan, kBurst + hours * kTokensPerHour);
    EXPECT_LE(tally.from_method, kOnce);
    for (const auto& day : tally.by_day) EXPECT_LE(day, kQuota);
    EXPECT_EQ(used_by("still", key), tally.admitted);
  }
  // Whatever an operator did, what was admitted was counted.
  for (int key = kStill; key < kStill + kMoving; ++key) {
    EXPECT_GT(tallies_[key].admitted, 0);
    EXPECT_EQ(used_by("moving", key), tallies_[key].admitted);
  }
}

void Workload::expect_nothing_left() {
  for (const auto& [plan, stage] : {std::pair("still", "quiet:prod"),
                                    {"moving", "api:prod"},
                                    {"other", "other:prod"}}) {
    patch(plan, {operation("remove", "/apiStages", stage)});
    expect_ok(enforcer_->delete_usage_plan(plan));
  }
  for (int key = 0; key < kKeys; ++key) {
    (void)enforcer_->delete_api_key(id(key));  // There may be none.
  }
  EXPECT_EQ(arena_used(), used_before_);
  EXPECT_EQ(enforcer_->statistics().api_keys, 0u);
}

TEST(MixedWorkload, LosesAndInventsNothing) {
  const int64_t seed = from_environment("WEIR_TEST_SEED", 20'260'101);
  SCOPED_TRACE(absl::StrCat("WEIR_TEST_SEED=", seed));
  Workload workload;
  workload.set_up();
  workload.run(seed);
  workload.expect_exact();
  workload.expect_nothing_left();
}

}  // namespace
}  // namespace weir
