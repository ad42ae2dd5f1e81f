// Checks observations against the model.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "weir/base/text.h"
#include "weir/quota/quota_counter.h"
#include "weir/quota/quota_terms.h"
#include "weir/tests/torture/model.h"

namespace weir::torture {
namespace {

// Usage is reported for so long, and with what the periods before need, what
// remained then is known for so long.
constexpr Day kRemainingKept = 89;

std::string date(Day day) {
  return absl::FormatTime("%Y-%m-%d", absl::FromUnixNanos(start_of(day)),
                          absl::UTCTimeZone());
}

int64_t at(const std::map<Day, int64_t>& days, Day day) {
  const auto it = days.find(day);
  return it == days.end() ? 0 : it->second;
}

int64_t used_on(const Observation::Standing& standing, Day today, Day day) {
  const int i = standing.used_size() - 1 - (today - day);
  return i < 0 || i >= standing.used_size() ? 0 : standing.used(i);
}

template <class... Parts>
absl::Status wrong(const Parts&... parts) {
  return absl::DataLossError(absl::StrCat(parts...));
}

// An entry of a list, and its place in the order.
struct Listed {
  int64_t order;
  std::string text;
};

// Whether `found` are those of `listed`, newest first.
template <class Found, class Text>
absl::Status compare(const char* what, std::vector<Listed> listed,
                     const Found& found, Text text) {
  std::sort(listed.begin(), listed.end(),
            [](const Listed& a, const Listed& b) { return a.order > b.order; });
  const size_t sizes[] = {listed.size(), static_cast<size_t>(found.size())};
  for (size_t i = 0; i < std::min(sizes[0], sizes[1]); ++i) {
    const std::string observed = text(found[static_cast<int>(i)]);
    if (observed != listed[i].text) {
      return wrong(what, " ", i, " of ", sizes[0], ": expected\n",
                   listed[i].text, "\ngot, of ", sizes[1], ",\n", observed);
    }
  }
  if (sizes[0] != sizes[1]) {
    return wrong(what, ": expected ", sizes[0], " of them, got ", sizes[1]);
  }
  return absl::OkStatus();
}

std::string text_of(const Observation::Standing& standing) {
  return absl::StrCat(standing.key_id(), " of ", standing.plan_id());
}

}  // namespace

// -- As the operator sees it --

absl::Status Model::check_look(const Operation& operation, const Look& look) {
  if (operation.plan < 0) return absl::OkStatus();
  const Key* const key = find_key(key_id(operation.key));
  if (look.unknown_key != (key == nullptr)) {
    return wrong("known is a key that is not there, or the reverse");
  }
  if (key == nullptr) return absl::OkStatus();
  if (look.disabled_key == key->document.enabled()) {
    return wrong("the key is ", look.disabled_key ? "disabled" : "enabled",
                 " and should not be");
  }
  if (look.disabled_key) return absl::OkStatus();
  const Association* const association = find(operation);
  const Plan* const plan = find_plan(operation.plan);
  const bool covered =
      association != nullptr && plan->document.api_stages_size() > 0;
  if (look.forbidden == covered) {
    return wrong("the plan ", covered ? "covers" : "does not cover",
                 " the stage for the key, and the request was told otherwise");
  }
  if (!covered) return absl::OkStatus();
  const Day today = day_of(now_);
  const QuotaCalendar calendar = terms_of(plan->document).calendar;
  if (calendar.is_none()) {
    if (look.limit == -1 && look.remaining == -1) return absl::OkStatus();
    return wrong("without a quota, the limit is ", look.limit);
  }
  if (look.calendar != calendar.id() || look.day != today) {
    return wrong("decided for ", date(look.day), " under calendar ",
                 look.calendar, " instead of ", date(today), " under ",
                 calendar.id());
  }
  const std::optional<int64_t> expected =
      cap(*association, plan->document, today);
  if (expected.has_value() && look.limit != *expected) {
    return wrong("the cap is ", look.limit, " instead of ", *expected);
  }
  int64_t used_before = 0;
  for (Day day = calendar.period_start(today); day <= today; ++day) {
    used_before += at(association->counted, day);
  }
  if (look.remaining > std::max<int64_t>(look.limit - used_before, 0)) {
    return wrong(look.remaining, " of ", look.limit, " remain, of which ",
                 used_before, " had been used before the round");
  }
  return absl::OkStatus();
}

absl::Status Model::learn(const Operation& operation, const Look& before,
                          const Look& after, int64_t leased) {
  Association* const association =
      operation.plan < 0 ? nullptr : find(operation);
  if (operation.deed == Deed::kExtend && association != nullptr &&
      operation.expected == absl::StatusCode::kOk && !after.forbidden) {
    // What was used when the call was made.
    const int64_t used = after.limit - operation.number;
    const int64_t used_before = before.limit - before.remaining - leased;
    if (after.remaining > operation.number || used < used_before) {
      return wrong("what remains was set to ", operation.number,
                   ", before: ", before.remaining, " of ", before.limit,
                   ", after: ", after.remaining, " of ", after.limit);
    }
    const v1::UsagePlan& plan = find_plan(operation.plan)->document;
    association->extension->amount =
        after.limit -
        planned_cap(terms_of(plan), association->first_day, day_of(now_));
    note_cap(*association, plan);
  }
  return check_look(operation, after);
}

// -- As all of it is observed --

absl::Status Model::check_documents(const Observation& observation) const {
  const auto text = [](const auto& document) {
    return document.ShortDebugString();
  };
  std::vector<Listed> listed;
  for (const auto& [id, plan] : plans_) {
    listed.push_back({plan.order, text(plan.document)});
  }
  auto status = compare("plan", std::move(listed), observation.plans(), text);
  if (!status.ok()) return status;

  listed.clear();
  for (const auto& [id, plan] : plans_) {
    if (plan.shared) listed.push_back({plan.order, id});
  }
  if (observation.shared_plans_known()) {
    status =
        compare("shared plan", std::move(listed), observation.shared_plans(),
                [](const std::string& id) { return id; });
    if (!status.ok()) return status;
  }

  listed.clear();
  for (const auto& [id, key] : keys_) {
    listed.push_back({key.order, text(key.document)});
  }
  status = compare("key", std::move(listed), observation.keys(), text);
  if (!status.ok()) return status;

  // Of one plan after the other, as these are observed.
  listed.clear();
  const auto add = [&](const std::string& plan, const std::string& key,
                       int64_t order) {
    listed.push_back({order + (plans_.at(plan).order << 32),
                      absl::StrCat(key, " of ", plan)});
  };
  for (const auto& [name, association] : associations_) {
    add(plan_id(name.second), key_id(name.first), association.order);
  }
  for (const auto& [ids, order] : idle_) add(ids.first, ids.second, order);
  return compare("associated key", std::move(listed), observation.standings(),
                 text_of);
}

absl::Status Model::check_usage(const Observation& observation,
                                const Tallies& tallies) {
  if (observation.today() != day_of(now_)) {
    return wrong("observed on ", date(observation.today()), " instead of ",
                 date(day_of(now_)));
  }
  absl::Status status;
  for_each_observed(
      observation, [&](const Observation::Standing& standing,
                       Association& association, const v1::UsagePlan& plan) {
        if (!status.ok()) return;
        const auto tally = tallies.find(association.slot);
        status = internal::with_prefix(
            check_standing(standing, observation.today(),
                           tally == tallies.end() ? Tally() : tally->second,
                           plan, association),
            absl::StrCat(text_of(standing), ": "));
      });
  return status;
}

absl::Status Model::check_standing(const Observation::Standing& standing,
                                   Day today, const Tally& tally,
                                   const v1::UsagePlan& plan,
                                   Association& association) {
  const bool forbidden = !find_key(standing.key_id())->document.enabled() ||
                         plan.api_stages_size() == 0;
  if (standing.forbidden() != forbidden) {
    return wrong("a request ", forbidden ? "should be" : "is", " forbidden");
  }
  if (auto status = check_days(standing, today, tally, association);
      !status.ok()) {
    return status;
  }
  return check_quota(standing, today, tally, plan, association);
}

absl::Status Model::check_days(const Observation::Standing& standing, Day today,
                               const Tally& tally,
                               const Association& association) const {
  int64_t excess = 0;
  for (int i = 0; i < standing.used_size(); ++i) {
    const Day day = today - standing.used_size() + 1 + i;
    const int64_t used = standing.used(i);
    const int64_t before = at(association.counted, day);
    if (day < accepted_ && used != before) {
      return wrong(date(day), " had ended with ", before, " used; now it is ",
                   used);
    }
    if (day < accepted_ && day >= association.first_day &&
        day > today - kRemainingKept &&
        at(association.remaining, day) != standing.remaining(i)) {
      return wrong(date(day), " had ended with ",
                   at(association.remaining, day), " remaining; now it is ",
                   standing.remaining(i));
    }
    if (used < before + at(tally.at_least, day)) {
      return wrong(date(day), ": ", used, " counted, of ", before,
                   " before and ", at(tally.at_least, day),
                   " since: admitted and lost");
    }
    excess += std::max<int64_t>(used - before - at(tally.returned, day), 0);
  }
  if (excess > tally.possible) {
    return wrong(excess, " counted that nobody was admitted to; ",
                 tally.possible, " may have been");
  }
  return absl::OkStatus();
}

absl::Status Model::check_quota(const Observation::Standing& standing,
                                Day today, const Tally& tally,
                                const v1::UsagePlan& plan,
                                Association& association) {
  const QuotaTerms terms = terms_of(plan);
  const int64_t remaining = standing.remaining(standing.remaining_size() - 1);
  if (terms.calendar.is_none()) {
    if (remaining == -1 && (standing.forbidden() || standing.limit() == -1)) {
      return absl::OkStatus();
    }
    return wrong("without a quota, ", remaining, " remain of ",
                 standing.limit());
  }
  int64_t used = 0;
  int64_t used_before = 0;
  for (Day day = terms.calendar.period_start(today); day <= today; ++day) {
    used += used_on(standing, today, day);
    used_before += at(association.counted, day);
  }
  std::optional<int64_t> expected = cap(association, plan, today);
  const int64_t shown =
      standing.forbidden() ? used + remaining : standing.limit();
  // Nothing can be said of one that leaves nothing.
  if (!expected.has_value() && shown > 0 &&
      (!standing.forbidden() || remaining > 0)) {
    // An extension of which the operator never saw what it led to.
    expected = shown;
    Extension& extension = *association.extension;
    extension.amount =
        *expected - planned_cap(terms, association.first_day, today);
    const int64_t then_used =
        extension.planned + *extension.amount - extension.remaining;
    if (extension.is_new &&
        (then_used < used_before || then_used > used + tally.lost)) {
      return wrong("what remains was set to ", extension.remaining,
                   " when between ", used_before, " and ", used,
                   " were used, of ", extension.planned, "; now the cap is ",
                   *expected);
    }
  }
  note_cap(association, plan);
  if (expected.has_value()) {
    const int64_t left = std::max<int64_t>(*expected - used, 0);
    if (remaining != left) {
      return wrong("reported are ", remaining, " remaining; of ", *expected,
                   " there were used ", used);
    }
    if (!standing.forbidden() &&
        (standing.limit() != *expected || standing.remaining_now() != left)) {
      return wrong("a request is told that ", standing.remaining_now(), " of ",
                   standing.limit(), " remain; of ", *expected,
                   " there were used ", used);
    }
  }
  for (const Period& period : association.periods) {
    if (period.calendar.is_none()) continue;
    int64_t counted = 0;
    const Day end = period.calendar.period_end(period.start);
    for (Day day = period.start; day < end; ++day) {
      counted += used_on(standing, today, day);
    }
    if (counted - tally.at_midnight > period.ceiling) {
      return wrong(counted, " used in the period from ", date(period.start),
                   "; the cap was never above ", period.ceiling, ", and ",
                   tally.at_midnight, " of it may have been above it");
    }
  }
  return absl::OkStatus();
}

}  // namespace weir::torture
