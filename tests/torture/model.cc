#include "weir/tests/torture/model.h"

#include <algorithm>

#include "weir/quota/quota_counter.h"
#include "weir/quota/quota_terms.h"

namespace weir::torture {
namespace {

using absl::StatusCode;

constexpr int64_t kNanosPerSecond = 1'000'000'000;
// Longer than usage is kept.
constexpr Day kRemembered = 400;

template <class Timestamp>
void set_time(int64_t unix_ns, Timestamp& timestamp) {
  timestamp.set_seconds(unix_ns / kNanosPerSecond);
  timestamp.set_nanos(static_cast<int32_t>(unix_ns % kNanosPerSecond));
}

}  // namespace

QuotaTerms terms_of(const v1::UsagePlan& plan) {
  if (!plan.has_quota()) return {};
  QuotaCalendar calendar = QuotaCalendar::daily();
  if (plan.quota().period() == v1::WEEK) calendar = QuotaCalendar::weekly();
  if (plan.quota().period() == v1::MONTH) calendar = QuotaCalendar::monthly();
  return {calendar, plan.quota().limit(), plan.quota().offset()};
}

// -- What there is --

Model::Plan* Model::find_plan(int plan) {
  const auto it = plans_.find(plan_id(plan));
  return it == plans_.end() ? nullptr : &it->second;
}

Model::Key* Model::find_key(const std::string& id) {
  const auto it = keys_.find(id);
  return it == keys_.end() ? nullptr : &it->second;
}

Model::Association* Model::find(const Operation& operation) {
  const auto it = associations_.find({operation.key, operation.plan});
  return it == associations_.end() ? nullptr : &it->second;
}

std::optional<int64_t> Model::cap(const Association& association,
                                  const v1::UsagePlan& plan, Day day) const {
  const QuotaTerms terms = terms_of(plan);
  if (terms.calendar.is_none()) return QuotaState::kNoCap;
  const int64_t planned = planned_cap(terms, association.first_day, day);
  const auto& extension = association.extension;
  if (!extension.has_value() || extension->calendar != terms.calendar ||
      extension->start != terms.calendar.period_start(day)) {
    return planned;
  }
  if (!extension->amount.has_value()) return std::nullopt;
  return extended_cap(planned, *extension->amount);
}

void Model::note_cap(Association& association, const v1::UsagePlan& plan) {
  const Day today = day_of(now_);
  const QuotaCalendar calendar = terms_of(plan).calendar;
  const int64_t present =
      cap(association, plan, today).value_or(QuotaState::kNoCap);
  const Day start = calendar.period_start(today);
  std::vector<Period>& periods = association.periods;
  if (periods.empty()) {
    periods.push_back({calendar, start, present});
    return;
  }
  Period& last = periods.back();
  if (last.calendar != calendar) {
    // Neither period's count is bounded by one calendar's caps alone.
    last.ceiling = QuotaState::kNoCap;
    periods.push_back({calendar, start, QuotaState::kNoCap});
  } else if (last.start != start) {
    periods.push_back({calendar, start, present});
  } else {
    last.ceiling = std::max(last.ceiling, present);
  }
}

void Model::note_caps() {
  for (auto& [name, association] : associations_) {
    note_cap(association, find_plan(name.second)->document);
  }
}

int64_t Model::counted(int key, int plan, Day day) const {
  const auto& counted = associations_.at({key, plan}).counted;
  const auto it = counted.find(day);
  return it == counted.end() ? 0 : it->second;
}

// -- What calls do --

absl::StatusCode Model::apply(const Operation& operation) {
  Plan* const plan = find_plan(operation.plan);
  StatusCode code = StatusCode::kOk;
  switch (operation.deed) {
    case Deed::kAdvance:
      now_ += operation.number;
      break;
    case Deed::kPause:
    case Deed::kSync:
      return StatusCode::kOk;
    case Deed::kUsage:
      return find(operation) == nullptr ? StatusCode::kNotFound
                                        : StatusCode::kOk;
    case Deed::kCreatePlan:
      if (plan != nullptr) return StatusCode::kAlreadyExists;
      plans_[plan_id(operation.plan)] = {next_order_++, new_plan(operation)};
      return StatusCode::kOk;
    case Deed::kPatchPlan:
      if (plan == nullptr) return StatusCode::kNotFound;
      code = change_plan(operation, plan->document);
      break;
    case Deed::kDeletePlan:
      return delete_plan(operation);
    case Deed::kSharePlan:
      if (plan == nullptr) return StatusCode::kNotFound;
      if (plan->shared) return StatusCode::kAlreadyExists;
      plan->shared = true;
      return StatusCode::kOk;
    case Deed::kUnsharePlan:
      if (plan == nullptr || !plan->shared) return StatusCode::kNotFound;
      plan->shared = false;
      return StatusCode::kOk;
    case Deed::kCreateKey:
      if (find_key(key_id(operation.key)) != nullptr) {
        return StatusCode::kAlreadyExists;
      }
      add_key(new_key(operation.key));
      return StatusCode::kOk;
    case Deed::kImportKeys:
    case Deed::kImportFlock:
      code = import_keys(operation);
      break;
    case Deed::kOverwriteKey:
      code = overwrite_key(operation);
      break;
    case Deed::kEnableKey:
      return set_enabled(operation, true);
    case Deed::kDisableKey:
      return set_enabled(operation, false);
    case Deed::kDeleteKey:
    case Deed::kDeleteIdleKey:
      return delete_key(operation);
    case Deed::kAttach:
      code = attach(operation);
      break;
    case Deed::kDetach:
      return associations_.erase({operation.key, operation.plan}) == 0
                 ? StatusCode::kNotFound
                 : StatusCode::kOk;
    case Deed::kExtend:
      // Caps are noted when they are learned.
      return extend(operation);
  }
  if (code == StatusCode::kOk) note_caps();
  return code;
}

absl::StatusCode Model::delete_plan(const Operation& operation) {
  const Plan* const plan = find_plan(operation.plan);
  if (plan == nullptr) return StatusCode::kNotFound;
  if (plan->document.api_stages_size() > 0 || plan->shared) {
    return StatusCode::kFailedPrecondition;
  }
  for (int key = 0; key < kKeys; ++key) {
    associations_.erase({key, operation.plan});
  }
  const std::string id = plan_id(operation.plan);
  const auto first = idle_.lower_bound({id, ""});
  auto last = first;
  while (last != idle_.end() && last->first.first == id) ++last;
  idle_.erase(first, last);
  plans_.erase(id);
  return StatusCode::kOk;
}

void Model::add_key(const v1::ApiKey& key) {
  Key& added = keys_[key.id()];
  added = {next_order_++, key};
  set_time(now_, *added.document.mutable_created_date());
  set_time(now_, *added.document.mutable_last_updated_date());
}

absl::StatusCode Model::import_keys(const Operation& operation) {
  if (operation.plan >= 0 && find_plan(operation.plan) == nullptr) {
    return StatusCode::kNotFound;
  }
  const std::vector<v1::ApiKey> keys = new_keys(operation);
  for (const v1::ApiKey& key : keys) {
    if (keys_.count(key.id()) != 0) return StatusCode::kAlreadyExists;
  }
  for (const v1::ApiKey& key : keys) {
    add_key(key);
    if (operation.plan >= 0 && operation.deed == Deed::kImportFlock) {
      idle_[{plan_id(operation.plan), key.id()}] = next_order_++;
    }
  }
  if (operation.plan >= 0 && operation.deed == Deed::kImportKeys) {
    int slot = operation.slot;
    for (int key = 0; key < kKeys; ++key) {
      if ((operation.keys >> key & 1) != 0) {
        associate(key, operation.plan, slot++);
      }
    }
  }
  return StatusCode::kOk;
}

absl::StatusCode Model::overwrite_key(const Operation& operation) {
  Key* const key = find_key(key_id(operation.key));
  if (key == nullptr ||
      (operation.plan >= 0 && find_plan(operation.plan) == nullptr)) {
    return StatusCode::kNotFound;
  }
  const v1::ApiKey row = overwriting_key(operation);
  key->document.set_name(row.name());
  key->document.set_enabled(row.enabled());
  set_time(now_, *key->document.mutable_last_updated_date());
  for (int plan = 0; plan < kPlans; ++plan) {
    if (plan != operation.plan) associations_.erase({operation.key, plan});
  }
  if (operation.plan >= 0 && find(operation) == nullptr) {
    associate(operation.key, operation.plan, operation.slot);
  }
  return StatusCode::kOk;
}

absl::StatusCode Model::set_enabled(const Operation& operation, bool enabled) {
  Key* const key = find_key(key_id(operation.key));
  if (key == nullptr) return StatusCode::kNotFound;
  key->document.set_enabled(enabled);
  set_time(now_, *key->document.mutable_last_updated_date());
  return StatusCode::kOk;
}

absl::StatusCode Model::delete_key(const Operation& operation) {
  const bool idle = operation.deed == Deed::kDeleteIdleKey;
  const std::string id = idle ? idle_key_id(operation.flock, operation.number)
                              : key_id(operation.key);
  if (keys_.erase(id) == 0) return StatusCode::kNotFound;
  for (int plan = 0; plan < kPlans; ++plan) {
    if (idle) {
      idle_.erase({plan_id(plan), id});
    } else {
      associations_.erase({operation.key, plan});
    }
  }
  return StatusCode::kOk;
}

absl::StatusCode Model::attach(const Operation& operation) {
  if (find_plan(operation.plan) == nullptr ||
      find_key(key_id(operation.key)) == nullptr) {
    return StatusCode::kNotFound;
  }
  if (find(operation) != nullptr) return StatusCode::kAlreadyExists;
  associate(operation.key, operation.plan, operation.slot);
  return StatusCode::kOk;
}

void Model::associate(int key, int plan, int slot) {
  associations_.insert_or_assign(
      Name(key, plan), Association{next_order_++, slot, day_of(now_)});
  next_slot_ = std::max(next_slot_, slot + 1);
}

absl::StatusCode Model::extend(const Operation& operation) {
  Association* const association = find(operation);
  if (association == nullptr) return StatusCode::kNotFound;
  const QuotaTerms terms = terms_of(find_plan(operation.plan)->document);
  if (terms.calendar.is_none()) return StatusCode::kFailedPrecondition;
  const Day today = day_of(now_);
  association->extension = Extension{
      terms.calendar, terms.calendar.period_start(today), operation.number,
      planned_cap(terms, association->first_day, today)};
  return StatusCode::kOk;
}

void Model::accept(const Observation& observation) {
  accepted_ = observation.today();
  next_slot_ = 1;
  for_each_observed(observation,
                    [&](const Observation::Standing& standing,
                        Association& association, const v1::UsagePlan& plan) {
                      association.slot = next_slot_++;
                      accept(standing, plan, association);
                    });
}

void Model::accept(const Observation::Standing& standing,
                   const v1::UsagePlan& plan, Association& association) {
  Day day = accepted_ - standing.used_size() + 1;
  for (int i = 0; i < standing.used_size(); ++i, ++day) {
    association.counted[day] = standing.used(i);
    if (day < accepted_) association.remaining[day] = standing.remaining(i);
  }
  for (auto* days : {&association.counted, &association.remaining}) {
    days->erase(days->begin(), days->lower_bound(accepted_ - kRemembered));
  }
  if (association.extension.has_value()) association.extension->is_new = false;
  note_cap(association, plan);
  Period period = association.periods.back();
  const auto present = cap(association, plan, accepted_);
  if (period.ceiling == QuotaState::kNoCap && present.has_value()) {
    period.ceiling = *present;
  }
  // What is above the cap already stays, but does not grow: a change of
  // calendar left it there, or midnight.
  int64_t used = 0;
  const auto& counted = association.counted;
  for (auto it = counted.lower_bound(period.start); it != counted.end(); ++it) {
    used += it->second;
  }
  period.ceiling = std::max(period.ceiling, used);
  association.periods = {period};
}

}  // namespace weir::torture
