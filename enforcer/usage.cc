// Usage: what keys have used of a plan, and more of it.

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/types/span.h"
#include "enforcer/enforcer.h"
#include "enforcer/enforcer_impl.h"
#include "json/text.h"
#include "plan/plan_error.h"

namespace weir {
namespace {

constexpr int kMostDays = 90;
constexpr int64_t kExtensionsKept = (kMostDays + 31) * kNanosPerDay;
// What remained on the oldest day is worked out from all of its period.
static_assert(kMostDays + QuotaCalendar::kLongestPeriod <= DailyLog::kDays);
constexpr absl::CivilDay kDayZero(2000, 1, 1);

absl::StatusOr<Day> parse_date(const char* what, const std::string& date) {
  absl::CivilDay day;
  // Only the canonical spelling: "2026-02-30" would be read as another day.
  if (absl::ParseCivilTime(date, &day) && absl::FormatCivilTime(day) == date &&
      day >= kDayZero && day <= kDayZero + kLastDay) {
    return static_cast<Day>(day - kDayZero);
  }
  return absl::InvalidArgumentError(absl::StrCat(
      what, ": expected a day of the calendar as yyyy-mm-dd, from ",
      absl::FormatCivilTime(kDayZero), " to ",
      absl::FormatCivilTime(kDayZero + kLastDay), ", got ", excerpt(date)));
}

std::string format_date(Day day) {
  return absl::FormatCivilTime(kDayZero + day);
}

void add_day(v1::KeyUsage& usage, int64_t used, int64_t remaining) {
  v1::DailyUsage* day = usage.add_days();
  day->set_used(used);
  day->set_remaining(remaining);
}

// Notes the extension that holds from `now` on, and drops those whose periods
// ended before any day that is reported.
void note_extension(Association& association, int64_t now) {
  if (association.extensions == nullptr) {
    association.extensions = std::make_unique<std::vector<ExtensionChange>>();
  }
  std::vector<ExtensionChange>& changes = *association.extensions;
  changes.erase(std::remove_if(changes.begin(), changes.end(),
                               [&](const ExtensionChange& change) {
                                 return change.unix_ns < now - kExtensionsKept;
                               }),
                changes.end());
  drop_superseded(changes, now);
  changes.push_back({now, association.subscription->quota.extension()});
}

// The value of `replace /remaining`.
absl::StatusOr<int64_t> remaining_of(const v1::PatchOperation& operation) {
  if (operation.op() != "replace" || operation.path() != "/remaining") {
    static constexpr std::string_view kReplaceable[] = {"/remaining"};
    const std::string text = aws_text::invalid_patch_path(
        operation.path(), operation.op(),
        operation.op() == "replace" ? absl::MakeConstSpan(kReplaceable)
                                    : absl::Span<const std::string_view>());
    return plan_error(absl::StatusCode::kInvalidArgument, text, text);
  }
  const google::protobuf::Value& value = operation.value();
  int64_t remaining;
  if (value.kind_case() == google::protobuf::Value::kStringValue &&
      absl::SimpleAtoi(value.string_value(), &remaining) && remaining >= 0) {
    return remaining;
  }
  // Numbers above 2^53 may have been rounded on their way here.
  if (value.kind_case() == google::protobuf::Value::kNumberValue &&
      value.number_value() >= 0 && value.number_value() <= 9007199254740992.0 &&
      value.number_value() ==
          static_cast<double>(static_cast<int64_t>(value.number_value()))) {
    return static_cast<int64_t>(value.number_value());
  }
  return absl::InvalidArgumentError(
      "replace /remaining: expected a whole number, 0 or more");
}

}  // namespace

v1::KeyUsage Enforcer::Impl::usage_of(const KeyRecord& key,
                                      const Association& association, Day first,
                                      Day last) const {
  const PlanRecord& plan = *association.plan;
  const Subscription& subscription = *association.subscription;
  end_leases(subscription);
  const QuotaTerms terms = quota_terms(plan.document, rules);
  const QuotaState present = subscription.quota.read(
      terms, day_of(clock->now().unix), subscription.log);
  // A key that has been idle since is still counting its last day.
  const auto counted = subscription.quota.counted();
  const auto used_on = [&](Day day) -> int64_t {
    if (day > present.day) return 0;
    if (day == counted.day) return counted.count;
    return subscription.log.read(day).value_or(0);
  };
  absl::Span<const ExtensionChange> extensions;
  if (association.extensions != nullptr) extensions = *association.extensions;
  const QuotaHistory history{subscription.quota.first_day(), plan.terms,
                             extensions};
  v1::KeyUsage usage;
  usage.set_key_id(std::string(key.id()));
  for (Day day = first; day <= last; ++day) {
    if (day <= present.day - kMostDays) {
      // The log may have it or not: reported is that nothing was used.
      add_day(usage, 0, remaining_at_end(day, history, [](Day) { return 0; }));
    } else {
      add_day(usage, used_on(day),
              day == present.day ? present.remaining()
                                 : remaining_at_end(day, history, used_on));
    }
  }
  return usage;
}

absl::StatusOr<v1::Usage> Enforcer::get_usage(
    const UsageRequest& request) const {
  const auto first = parse_date("startDate", request.start_date);
  if (!first.ok()) return first.status();
  const auto last = parse_date("endDate", request.end_date);
  if (!last.ok()) return last.status();
  if (*last < *first || *last - *first >= kMostDays) {
    return absl::InvalidArgumentError(absl::StrCat(
        "endDate: expected a date from startDate (", request.start_date,
        ") to ", kMostDays - 1, " days after it, got ", request.end_date));
  }

  MutexLock lock(impl_->mutex);
  const auto plan = impl_->find_plan(request.usage_plan_id);
  if (!plan.ok()) return plan.status();
  v1::Usage usage;
  usage.set_usage_plan_id(request.usage_plan_id);
  usage.set_start_date(request.start_date);
  usage.set_end_date(request.end_date);
  const auto add = [&](const KeyRecord& key, const Association& association) {
    impl_->mutex.assert_held();
    *usage.add_items() = impl_->usage_of(key, association, *first, *last);
  };
  if (!request.key_id.empty()) {
    if (!request.page.position.empty()) {
      return absl::InvalidArgumentError(
          "position: expected none, as the usage of one key is one page");
    }
    const auto found =
        impl_->find_plan_key(request.usage_plan_id, request.key_id);
    if (!found.ok()) return found.status();
    add(*found->key, *found->association);
    return usage;
  }
  auto position = (*plan)->keys.page(request.page.position, request.page.limit,
                                     [&](const KeyRecord& key) {
                                       add(key, *key.find(**plan));
                                       return true;
                                     });
  if (!position.ok()) return position.status();
  usage.set_position(*std::move(position));
  return usage;
}

absl::StatusOr<v1::Usage> Enforcer::update_usage(
    std::string_view plan_id, std::string_view key_id,
    absl::Span<const v1::PatchOperation> operations) {
  MutexLock lock(impl_->mutex);
  const auto found = impl_->find_plan_key(plan_id, key_id);
  if (!found.ok()) return found.status();
  Association& association = *found->association;
  const PlanRecord& plan = *association.plan;

  // The operations all set the same number, so the last one holds.
  std::optional<int64_t> remaining;
  for (size_t i = 0; i < operations.size(); ++i) {
    const auto value = remaining_of(operations[i]);
    if (!value.ok()) {
      return with_prefix(value.status(), absl::StrCat("operations[", i, "]: "));
    }
    remaining = *value;
  }
  Subscription& subscription = *association.subscription;
  const int64_t now = impl_->clock->now().unix;
  // The day that is counted is a later one if the clock has stepped back.
  const Day today = std::max(day_of(now), subscription.quota.counted().day);
  if (remaining.has_value()) {
    impl_->end_leases(subscription);
    const auto state = subscription.quota.set_remaining(
        quota_terms(plan.document, impl_->rules), today, *remaining,
        subscription.log);
    if (!state.ok()) return state.status();
    note_extension(association, std::max(now, start_of(today)));
  }
  v1::Usage usage;
  usage.set_usage_plan_id(plan.document.id());
  usage.set_start_date(format_date(today));
  usage.set_end_date(format_date(today));
  *usage.add_items() = impl_->usage_of(*found->key, association, today, today);
  return usage;
}

}  // namespace weir
