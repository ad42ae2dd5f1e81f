// Years of requests, patches, extensions, associations that come and go, and
// clocks that step back, against a model of quota that is nothing but lists of
// days. The model predicts every decision and every report exactly.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/enforcer/decision.h"
#include "weir/enforcer/enforcer.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/patch_operation.pb.h"
#include "weir/proto/usage.pb.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/tests/patch_operations.h"
#include "weir/tests/time_constants.h"

namespace weir {
namespace {

using absl::CivilDay;

uint64_t seed() {
  const char* text = std::getenv("WEIR_TEST_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 1;
}

int64_t start_of(CivilDay day) {
  return absl::ToUnixNanos(absl::FromCivil(day, absl::UTCTimeZone()));
}

// -- The model --

// The days that form a period. NONE is no quota.
struct Calendar {
  enum Kind { NONE, DAY, WEEK, MONTH } kind = NONE;
  int start = 0;

  bool begins_on(CivilDay day) const {
    switch (kind) {
      case WEEK:  // Weekdays are numbered from Monday.
        return (static_cast<int>(absl::GetWeekday(day)) + 1) % 7 == start;
      case MONTH:
        return day.day() == start + 1;
      default:
        return true;
    }
  }
  CivilDay begin(CivilDay day) const {
    while (!begins_on(day)) --day;
    return day;
  }
  CivilDay end(CivilDay day) const {
    do ++day;
    while (!begins_on(day));
    return day;
  }

  bool operator==(const Calendar& other) const {
    return kind == other.kind && start == other.start;
  }
};

struct Terms {
  Calendar calendar;
  int64_t limit = 0;
  int64_t discount = 0;

  bool operator==(const Terms& other) const {
    return calendar == other.calendar && limit == other.limit &&
           discount == other.discount;
  }
};

struct Extension {
  Calendar calendar;
  CivilDay begin;
  int64_t amount = 0;
};

// The value that held from a day on, by the last change on it.
template <class T>
class History {
 public:
  // The day and those after it are lived again.
  void note(CivilDay day, const T& value) {
    by_day_.erase(by_day_.lower_bound(day), by_day_.end());
    by_day_[day] = value;
  }
  // At the end of the day; nullptr if nothing was noted by then.
  const T* at(CivilDay day) const {
    const auto after = by_day_.upper_bound(day);
    return after == by_day_.begin() ? nullptr : &std::prev(after)->second;
  }

 private:
  std::map<CivilDay, T> by_day_;
};

struct Plan {
  std::string id;
  std::set<int> stages;
  Terms terms;
  History<Terms> history;
};

// A key under a plan.
struct Association {
  int serial = 0;        // greater than those of associations before
  CivilDay first_day;    // on which it began
  CivilDay counted_day;  // the last one on which anything was counted
  std::map<CivilDay, int64_t> used;
  std::optional<Extension> extension;
  History<Extension> history;

  // What reports said.
  CivilDay summed_before;  // `sum` has the days before this one
  int64_t sum = 0;
  std::map<CivilDay, int64_t> remaining;  // of days that had ended

  // Days only go on.
  CivilDay present(CivilDay today) const {
    return std::max(today, counted_day);
  }

  int64_t used_from_to(CivilDay first, CivilDay last) const {
    int64_t sum = 0;
    for (auto it = used.lower_bound(first); it != used.upper_bound(last); ++it)
      sum += it->second;
    return sum;
  }
  int64_t used_on(CivilDay day) const { return used_from_to(day, day); }

  int64_t plan_cap(const Terms& terms, CivilDay day) const {
    const bool initial = terms.calendar.begin(day) <= first_day &&
                         first_day < terms.calendar.end(day);
    return initial ? terms.limit - terms.discount : terms.limit;
  }
  int64_t cap(const Terms& terms, const Extension* extension,
              CivilDay day) const {
    int64_t cap = plan_cap(terms, day);
    if (extension != nullptr && extension->calendar == terms.calendar &&
        extension->begin == terms.calendar.begin(day)) {
      cap += extension->amount;
    }
    return std::max<int64_t>(cap, 0);
  }
  int64_t used_in_period(const Terms& terms, CivilDay day) const {
    return used_from_to(terms.calendar.begin(day), day);
  }
  // -1 without a quota.
  int64_t left(const Terms& terms, const Extension* extension,
               CivilDay day) const {
    if (terms.calendar.kind == Calendar::NONE) return -1;
    return std::max<int64_t>(
        cap(terms, extension, day) - used_in_period(terms, day), 0);
  }
  int64_t left_now(const Plan& plan, CivilDay today) const {
    return left(plan.terms, extension.has_value() ? &*extension : nullptr,
                present(today));
  }

  // What a report shows of a day that is kept.
  int64_t left_at_end(const Plan& plan, CivilDay day, CivilDay today) const {
    if (day == present(today)) return left_now(plan, today);
    const Terms& terms = *plan.history.at(day);
    if (terms.calendar.kind == Calendar::NONE) return -1;
    if (day < first_day) return terms.limit;
    return left(terms, history.at(day), day);
  }
};

struct Key {
  std::string id;
  std::string value;
  bool enabled = true;
  std::map<int, Association> associations;  // by the plan's number
};

// -- The simulation --

constexpr int kKeys = 5;
constexpr int kPlans = 3;
constexpr int kStages = 5;
constexpr int kKeptDays = 90;
constexpr int kMaxDaysBack = 2;

class Simulation {
 public:
  Simulation(QuotaOffset offset, uint64_t seed)
      : by_start_day_(offset == QuotaOffset::kStartDay), random_(seed) {
    Options options;
    options.clock = clock_;
    options.arena_bytes = size_t{1} << 26;
    options.quota_offset = offset;
    enforcer_ = *Enforcer::create(options);
    for (int i = 0; i < kPlans; ++i) add_plan(i);
    for (int i = 0; i < kKeys; ++i) {
      keys_.push_back({absl::StrCat("k", i),
                       absl::StrCat("a-key-of-twenty-characters-", i),
                       true,
                       {}});
      v1::ApiKey key;
      key.set_id(keys_.back().id);
      key.set_value(keys_.back().value);
      key.set_enabled(true);
      EXPECT_TRUE(enforcer_->create_api_key(key).ok());
    }
  }

  // Does one random thing, and checks the result.
  void step() {
    const int what = pick(1000);
    if (what < 600) {
      admit();
    } else if (what < 720) {
      advance();
    } else if (what < 730) {
      step_back();
    } else if (what < 790) {
      patch_quota();
    } else if (what < 810) {
      patch_stages();
    } else if (what < 850) {
      associate_or_not();
    } else if (what < 900) {
      update_usage();
    } else if (what < 910) {
      enable_or_not();
    } else {
      report();
    }
  }

  // Expects that all admitted requests have been reported.
  void finish() {
    for (Key& key : keys_) {
      for (auto& [plan, association] : key.associations) {
        sum_up_all(key, plan, association);
      }
    }
  }

  CivilDay today() const {
    return absl::ToCivilDay(absl::FromUnixNanos(clock_->now().unix_ns),
                            absl::UTCTimeZone());
  }
  int64_t admitted() const { return admitted_; }
  int64_t refused() const { return refused_; }

 private:
  int pick(int n) { return static_cast<int>(random_() % n); }
  int pick(int first, int last) { return first + pick(last - first + 1); }

  static std::string stage_name(int stage) {
    return absl::StrCat("stage", stage);
  }

  // -- Requests --

  void admit() {
    Key& key = keys_[pick(kKeys)];
    const int stage = pick(kStages);
    const int64_t cost = pick(20) == 0 ? pick(100) : pick(6);
    const auto route = enforcer_->intern_route("api", stage_name(stage));
    const Decision made = enforcer_->admit(
        {key.value, *route, static_cast<uint32_t>(cost), std::nullopt});

    if (!key.enabled) {
      EXPECT_EQ(made.forbidden, Forbidden::kDisabledKey);
      return;
    }
    const auto found = std::find_if(
        key.associations.begin(), key.associations.end(),
        [&](const auto& it) { return plans_[it.first].stages.count(stage); });
    if (found == key.associations.end()) {
      EXPECT_EQ(made.forbidden, Forbidden::kNoPlan);
      return;
    }
    const Plan& plan = plans_[found->first];
    Association& association = found->second;
    const CivilDay day = association.present(today());
    const int64_t left = association.left_now(plan, day);
    if (left < 0 || cost <= left) {
      ++admitted_;
      EXPECT_TRUE(made.admitted()) << left << " left, cost " << cost;
      EXPECT_EQ(made.quota_remaining, left < 0 ? -1 : left - cost);
      EXPECT_EQ(made.retry_after(), absl::ZeroDuration());
      if (cost == 0) return;
      association.used[day] += cost;
      association.counted_day = day;
    } else {
      ++refused_;
      EXPECT_EQ(made.outcome, Outcome::kQuotaExceeded)
          << left << " left, cost " << cost;
      EXPECT_EQ(made.quota_remaining, left);
      const int64_t now = clock_->now().unix_ns;
      EXPECT_EQ(made.retry_after_ns,
                cost > plan.terms.limit
                    ? Decision::kNever
                    : start_of(plan.terms.calendar.end(day)) - now);
    }
  }

  // -- Time --

  void advance() {
    const int64_t now = clock_->now().unix_ns;
    const int64_t midnight = start_of(today() + 1);
    int64_t step;
    switch (pick(8)) {
      case 0:
        step = midnight - 1 - now;
        break;
      case 1:
        step = midnight - now;
        break;
      case 2:
        step = pick(1, 6) * kDay;
        break;
      case 3:
        step = kDay;
        if (pick(20) == 0) {
          // More than the clock ever steps back: the past is final.
          step = pick(2 * kMaxDaysBack + 1, pick(4) == 0 ? 400 : 40) * kDay;
          finish();
        }
        break;
      default:
        step = static_cast<int64_t>(random_() % (kDay / 4));
    }
    clock_->advance(step);
    newest_day_ = std::max(newest_day_, today());
    for (Key& key : keys_) {
      for (auto& [plan, association] : key.associations) {
        sum_up(key, plan, association, newest_day_ - kMaxDaysBack);
        if (pick(8) == 0) ask(key, plan, association, today() - 1, today());
      }
    }
  }

  void step_back() {
    const int64_t furthest = start_of(newest_day_ - kMaxDaysBack);
    const int64_t room = clock_->now().unix_ns - furthest;
    if (room <= 0) return;
    clock_->step_wall_clock(-static_cast<int64_t>(random_() % room));
    // Days that had ended are open again.
    for (Key& key : keys_) {
      for (auto& [plan, association] : key.associations) {
        auto& remaining = association.remaining;
        remaining.erase(remaining.lower_bound(today()), remaining.end());
      }
    }
  }

  // -- Plans --

  void add_plan(int number) {
    Plan& plan = plans_.emplace_back();
    plan.id = absl::StrCat("p", number);
    v1::UsagePlan document;
    document.set_id(plan.id);
    document.set_name(plan.id);
    v1::ApiStage* stage = document.add_api_stages();
    stage->set_api_id("api");
    stage->set_stage(stage_name(number));
    plan.stages.insert(number);
    EXPECT_TRUE(enforcer_->create_usage_plan(document).ok());
    plan.history.note(CivilDay(2000, 1, 1), plan.terms);
  }

  void patch_quota() {
    static constexpr const char* kPeriods[] = {"", "DAY", "WEEK", "MONTH"};
    Plan& plan = plans_[pick(kPlans)];
    Terms terms = plan.terms;
    std::vector<v1::PatchOperation> patch;
    if (pick(10) == 0) {
      terms = Terms();
      patch.push_back(operation("remove", "/quota"));
    } else {
      Calendar& calendar = terms.calendar;
      const bool is_new = calendar.kind == Calendar::NONE;
      if (is_new || pick(3) == 0) {
        calendar.kind = static_cast<Calendar::Kind>(pick(1, 3));
        patch.push_back(
            operation("replace", "/quota/period", kPeriods[calendar.kind]));
      }
      if (is_new || pick(2) == 0) {
        terms.limit = pick(6) == 0 ? 0 : pick(4, 60);
        patch.push_back(
            operation("add", "/quota/limit", absl::StrCat(terms.limit)));
      }
      // What was valid may not be valid any more.
      static constexpr int kStartDays[] = {1, 1, 7, 28};
      int offset;
      if (by_start_day_) {
        offset = calendar.start = pick(kStartDays[calendar.kind]);
      } else {
        terms.discount = pick(2) * pick(static_cast<int>(terms.limit) + 1);
        offset = static_cast<int>(terms.discount);
      }
      patch.push_back(
          operation("replace", "/quota/offset", absl::StrCat(offset)));
    }
    const auto patched = enforcer_->apply_patch(plan.id, patch);
    EXPECT_TRUE(patched.ok()) << patched.status();
    if (!(terms == plan.terms)) plan.history.note(today(), terms);
    plan.terms = terms;
  }

  void patch_stages() {
    const int number = pick(kPlans);
    Plan& plan = plans_[number];
    const int stage = pick(kStages);
    const bool has = plan.stages.count(stage) > 0;
    const auto status =
        enforcer_
            ->apply_patch(plan.id,
                          {operation(has ? "remove" : "add", "/apiStages",
                                     absl::StrCat("api:", stage_name(stage)))})
            .status();
    if (has) {
      EXPECT_TRUE(status.ok()) << status;
      plan.stages.erase(stage);
      return;
    }
    bool taken = false;
    for (const Key& key : keys_) {
      if (key.associations.count(number) == 0) continue;
      for (const auto& [other, association] : key.associations) {
        taken |= plans_[other].stages.count(stage) > 0;
      }
    }
    EXPECT_EQ(status.code(),
              taken ? absl::StatusCode::kAlreadyExists : absl::StatusCode::kOk)
        << status;
    if (!taken) plan.stages.insert(stage);
  }

  // -- Keys --

  void associate_or_not() {
    Key& key = keys_[pick(kKeys)];
    const int number = pick(kPlans);
    const Plan& plan = plans_[number];
    const auto found = key.associations.find(number);
    if (found != key.associations.end()) {
      if (pick(3) > 0) return;
      sum_up_all(key, number, found->second);
      EXPECT_TRUE(enforcer_->delete_usage_plan_key(plan.id, key.id).ok());
      key.associations.erase(found);
      return;
    }
    bool taken = false;
    for (const auto& [other, association] : key.associations) {
      for (const int stage : plan.stages) {
        taken |= plans_[other].stages.count(stage) > 0;
      }
    }
    const auto status =
        enforcer_->create_usage_plan_key(plan.id, key.id).status();
    EXPECT_EQ(status.code(),
              taken ? absl::StatusCode::kAlreadyExists : absl::StatusCode::kOk)
        << status;
    if (taken) return;
    Association& association = key.associations[number];
    association.serial = ++associations_;
    association.first_day = association.counted_day = today();
    association.summed_before = today();
  }

  void enable_or_not() {
    Key& key = keys_[pick(kKeys)];
    key.enabled = !key.enabled;
    EXPECT_TRUE(enforcer_
                    ->update_api_key(
                        key.id, {operation("replace", "/enabled",
                                           key.enabled ? "true" : "false")})
                    .ok());
  }

  // -- Usage --

  void update_usage() {
    Key& key = keys_[pick(kKeys)];
    const int number = pick(kPlans);
    const Plan& plan = plans_[number];
    const int64_t remaining = pick(40);
    const auto updated = enforcer_->update_usage(
        plan.id, key.id,
        {operation("replace", "/remaining", absl::StrCat(remaining))});
    const auto found = key.associations.find(number);
    if (found == key.associations.end()) {
      EXPECT_EQ(updated.status().code(), absl::StatusCode::kNotFound);
      return;
    }
    const Terms& terms = plan.terms;
    if (terms.calendar.kind == Calendar::NONE) {
      EXPECT_EQ(updated.status().code(), absl::StatusCode::kFailedPrecondition);
      return;
    }
    Association& association = found->second;
    const CivilDay day = association.present(today());
    association.extension = {terms.calendar, terms.calendar.begin(day),
                             association.used_in_period(terms, day) +
                                 remaining - association.plan_cap(terms, day)};
    association.history.note(day, *association.extension);
    ASSERT_TRUE(updated.ok()) << updated.status();
    EXPECT_EQ(updated->start_date(), absl::FormatCivilTime(day));
    EXPECT_EQ(updated->end_date(), absl::FormatCivilTime(day));
    EXPECT_EQ(updated->items(0).days(0).used(), association.used_on(day));
    EXPECT_EQ(updated->items(0).days(0).remaining(), remaining);
  }

  // Any days of all keys of a plan, in pages.
  void report() {
    const int number = pick(kPlans);
    const Plan& plan = plans_[number];
    const CivilDay first = today() + pick(-100, 20);
    const CivilDay last = first + pick(pick(4) == 0 ? kKeptDays : 10);
    std::map<int, Key*> expected;  // newest first, by the negated serial
    for (Key& key : keys_) {
      const auto found = key.associations.find(number);
      if (found == key.associations.end()) continue;
      expected[-found->second.serial] = &key;
    }
    UsageRequest request{plan.id,
                         absl::FormatCivilTime(first),
                         absl::FormatCivilTime(last),
                         "",
                         {}};
    request.page.limit = pick(1, 4);
    auto next = expected.begin();
    do {
      const auto usage = enforcer_->get_usage(request);
      ASSERT_TRUE(usage.ok()) << usage.status();
      for (const v1::KeyUsage& item : usage->items()) {
        ASSERT_NE(next, expected.end());
        Key& key = *next++->second;
        ASSERT_EQ(item.key_id(), key.id);
        check(plan, key.associations.at(number), first, last, item);
      }
      request.page.position = usage->position();
    } while (!request.page.position.empty());
    EXPECT_EQ(next, expected.end());
  }

  // Asks about one key; returns what it used.
  int64_t ask(const Key& key, int number, Association& association,
              CivilDay first, CivilDay last) {
    const Plan& plan = plans_[number];
    const auto usage = enforcer_->get_usage({plan.id,
                                             absl::FormatCivilTime(first),
                                             absl::FormatCivilTime(last),
                                             key.id,
                                             {}});
    EXPECT_TRUE(usage.ok()) << usage.status();
    if (!usage.ok()) return 0;
    check(plan, association, first, last, usage->items(0));
    int64_t sum = 0;
    for (const v1::DailyUsage& day : usage->items(0).days()) sum += day.used();
    return sum;
  }

  void check(const Plan& plan, Association& association, CivilDay first,
             CivilDay last, const v1::KeyUsage& usage) {
    ASSERT_EQ(usage.days_size(), last - first + 1);
    const CivilDay present = association.present(today());
    for (int i = 0; i < usage.days_size(); ++i) {
      const CivilDay day = first + i;
      const v1::DailyUsage& shown = usage.days(i);
      SCOPED_TRACE(absl::StrCat(plan.id, " ", usage.key_id(), " on ",
                                absl::FormatCivilTime(day)));
      if (day <= present - kKeptDays) {
        EXPECT_EQ(shown.used(), 0);
        continue;
      }
      EXPECT_EQ(shown.used(), association.used_on(day));
      EXPECT_EQ(shown.remaining(), association.left_at_end(plan, day, today()));
      // A day that has ended is always shown as it was the first time.
      if (day >= today()) continue;
      const auto first_shown =
          association.remaining.emplace(day, shown.remaining()).first;
      EXPECT_EQ(shown.remaining(), first_shown->second);
    }
  }

  // Adds up what reports show of the days before `end`. They must not have been
  // forgotten yet, and nothing can be counted on them any more.
  void sum_up(const Key& key, int number, Association& association,
              CivilDay end) {
    while (association.summed_before < end) {
      const CivilDay first = association.summed_before;
      const CivilDay last = std::min(first + kKeptDays - 1, end - 1);
      association.sum += ask(key, number, association, first, last);
      association.summed_before = last + 1;
    }
  }
  void sum_up_all(const Key& key, int number, Association& association) {
    sum_up(key, number, association, newest_day_ + 1);
    int64_t admitted = 0;
    for (const auto& [day, used] : association.used) admitted += used;
    EXPECT_EQ(association.sum, admitted);
  }

  const bool by_start_day_;
  std::mt19937_64 random_;
  const std::shared_ptr<ManualClock> clock_ =
      std::make_shared<ManualClock>(start_of(CivilDay(2023, 11, 20)));
  std::unique_ptr<Enforcer> enforcer_;
  CivilDay newest_day_ = today();
  std::vector<Plan> plans_;
  std::vector<Key> keys_;
  int associations_ = 0;
  int64_t admitted_ = 0;
  int64_t refused_ = 0;
};

void simulate(QuotaOffset offset) {
  constexpr int kSteps = 12'000;
  SCOPED_TRACE(absl::StrCat("WEIR_TEST_SEED=", seed()));
  Simulation simulation(offset, seed());
  const CivilDay first = simulation.today();
  for (int i = 0; i < kSteps && !::testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE(absl::StrCat("step ", i, " on ",
                              absl::FormatCivilTime(simulation.today())));
    simulation.step();
  }
  simulation.finish();
  // The run was not trivial.
  EXPECT_GT(simulation.today() - first, 2 * 365);
  EXPECT_GT(simulation.admitted(), kSteps / 10);
  EXPECT_GT(simulation.refused(), kSteps / 100);
}

TEST(UsageProperty, YearsAreAsTheModelHasThemWithOffsetsInRequests) {
  simulate(QuotaOffset::kRequests);
}

TEST(UsageProperty, YearsAreAsTheModelHasThemWithStartDays) {
  simulate(QuotaOffset::kStartDay);
}

}  // namespace
}  // namespace weir
