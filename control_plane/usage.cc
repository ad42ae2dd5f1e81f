// Usage: reports what keys have used of a plan, and changes what remains.

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "weir/base/status_macros.h"
#include "weir/base/text.h"
#include "weir/control_plane/control_lock.h"
#include "weir/control_plane/control_plane.h"
#include "weir/control_plane/store_changes.h"
#include "weir/plan/patch_paths.h"
#include "weir/plan/plan_error.h"
#include "weir/quota/counts.h"
#include "weir/quota/date.h"

namespace weir::internal {
namespace {

// The log has all days this far back: the 90 of a report, and the period that
// contains the first of them.
constexpr int kLoggedDays = 90 + QuotaCalendar::kMaxPeriod;
static_assert(kLoggedDays <= DailyLog::kDays);

// How many keys of a page are reported before other calls are let in: each may
// have 400 days, most of them on disk.
constexpr int kPiece = 4;

absl::StatusOr<Day> parse_argument(const char* what, const std::string& date) {
  if (const auto day = parse_date(date)) return *day;
  return absl::InvalidArgumentError(absl::StrCat(
      what, ": expected a day of the calendar as yyyy-mm-dd, from ",
      format_date(0), " to ", format_date(kLastDay), ", got ", excerpt(date)));
}

void add_day(v1::KeyUsage& usage, int64_t used, int64_t remaining) {
  v1::DailyUsage* day = usage.add_days();
  day->set_used(used);
  day->set_remaining(remaining);
}

// A key's extensions with this one, which holds from `now` on, and without
// those from before `needed_since`.
std::unique_ptr<std::vector<ExtensionChange>> with_extension(
    const Association& association, const QuotaExtension& extension,
    int64_t now, int64_t needed_since) {
  auto changes = std::make_unique<std::vector<ExtensionChange>>();
  if (association.extensions != nullptr) {
    std::copy_if(association.extensions->begin(), association.extensions->end(),
                 std::back_inserter(*changes),
                 [&](const ExtensionChange& change) {
                   return change.unix_ns >= needed_since;
                 });
  }
  drop_superseded(*changes, now);
  changes->push_back({now, extension});
  return changes;
}

// The value of `replace /remaining`.
absl::StatusOr<int64_t> remaining_of(const v1::PatchOperation& operation) {
  static constexpr PatchPath kRows[] = {{"/remaining", kReplaceOp}};
  if (find_row(kRows, operation.path(), patch_op(operation.op())) == nullptr) {
    return invalid_path(kRows, operation);
  }
  const google::protobuf::Value& value = operation.value();
  int64_t remaining;
  if (value.kind_case() == google::protobuf::Value::kStringValue &&
      absl::SimpleAtoi(value.string_value(), &remaining) && remaining >= 0) {
    return remaining;
  }
  // Numbers above 2^53 may have been rounded on the way here.
  if (value.kind_case() == google::protobuf::Value::kNumberValue &&
      value.number_value() >= 0 && value.number_value() <= 9007199254740992.0 &&
      value.number_value() ==
          static_cast<double>(static_cast<int64_t>(value.number_value()))) {
    return static_cast<int64_t>(value.number_value());
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "replace /remaining: expected a whole number from 0 to ", kMaxQuota));
}

}  // namespace

absl::StatusOr<v1::KeyUsage> ControlPlane::usage_of(
    const KeyRecord& key, const Association& association, Day first,
    Day last) const {
  const PlanRecord& plan = *association.plan;
  const Counts& counts = clients_.counts().of(*association.subscription);
  end_leases(*association.subscription);
  const QuotaTerms terms = quota_terms(plan.document, rules_);
  const QuotaState present =
      counts.quota.read(terms, day_of(clock_->now().unix_ns), counts.log);
  // An idle key is still counting the day of its last request.
  const auto counted = counts.quota.counted();
  const Day logged_since = present.day - kLoggedDays + 1;
  absl::flat_hash_map<Day, int64_t> stored;
  if (const Day needed_since = first - QuotaCalendar::kMaxPeriod;
      store_ != nullptr && needed_since < logged_since) {
    WEIR_RETURN_IF_ERROR(store_->read_days(
        association.id, std::max(needed_since, 0), logged_since - 1,
        [&](const DailyCount& day) { stored[day.day] = day.used; }));
  }
  const auto used_on = [&](Day day) -> int64_t {
    if (day > present.day) return 0;
    if (day == counted.day) return counted.count;
    if (day >= logged_since) return counts.log.read(day).value_or(0);
    const auto it = stored.find(day);
    return it == stored.end() ? 0 : it->second;
  };
  absl::Span<const ExtensionChange> extensions;
  if (association.extensions != nullptr) extensions = *association.extensions;
  const QuotaHistory history{counts.quota.first_day(), plan.terms, extensions};
  v1::KeyUsage usage;
  usage.set_key_id(std::string(key.id()));
  for (Day day = first; day <= last; ++day) {
    if (day <= present.day - days_kept_) {
      // Days past retention report no usage, pruned or not.
      add_day(usage, 0, remaining_at_end(day, history, [](Day) { return 0; }));
    } else {
      add_day(usage, used_on(day),
              day == present.day ? present.remaining()
                                 : remaining_at_end(day, history, used_on));
    }
  }
  return usage;
}

absl::StatusOr<v1::Usage> ControlPlane::get_usage(
    const UsageRequest& request) const {
  const auto first = parse_argument("startDate", request.start_date);
  if (!first.ok()) return first.status();
  const auto last = parse_argument("endDate", request.end_date);
  if (!last.ok()) return last.status();
  if (*last < *first || *last - *first >= days_kept_) {
    return absl::InvalidArgumentError(absl::StrCat(
        "endDate: expected a date from startDate (", request.start_date,
        ") to ", days_kept_ - 1, " days after it, got ", request.end_date));
  }

  ControlLock lock(*this, __func__);
  const auto plan = find_plan(request.usage_plan_id);
  if (!plan.ok()) return plan.status();
  v1::Usage usage;
  usage.set_usage_plan_id(request.usage_plan_id);
  usage.set_start_date(request.start_date);
  usage.set_end_date(request.end_date);
  absl::Status status;
  const auto add = [&](const KeyRecord& key, const Association& association) {
    mutex_.assert_held();
    if (!status.ok()) return;
    auto item = usage_of(key, association, *first, *last);
    if (item.ok()) {
      *usage.add_items() = *std::move(item);
    } else {
      status = item.status();
    }
  };
  if (!request.key_id.empty()) {
    if (!request.page.position.empty()) {
      return absl::InvalidArgumentError(
          "position: expected none, as the usage of one key is one page");
    }
    const auto found = find_plan_key(request.usage_plan_id, request.key_id);
    if (!found.ok()) {
      // The plan exists, so it is the key that does not.
      return plan_error(found.status().code(), aws_text::kUnknownApiKey,
                        aws_text::kUnknownKeyOfUsage);
    }
    add(*found->key, *found->association);
    if (!status.ok()) return status;
    return usage;
  }
  const auto list = [&]() -> absl::StatusOr<const CreationOrder<KeyRecord>*> {
    mutex_.assert_held();
    if (!status.ok()) return status;
    const auto present = find_plan(request.usage_plan_id);
    if (!present.ok()) return present.status();
    return &(*present)->keys;
  };
  auto position = page_in_pieces(
      lock, request.page, kPiece, list, [&](const KeyRecord& key) {
        mutex_.assert_held();
        add(key, *key.find(*plans_.find(request.usage_plan_id)));
        return true;
      });
  if (!position.ok()) return position.status();
  if (!status.ok()) return status;
  usage.set_position(*std::move(position));
  return usage;
}

absl::StatusOr<v1::Usage> ControlPlane::update_usage(
    std::string_view plan_id, std::string_view key_id,
    absl::Span<const v1::PatchOperation> operations) {
  ControlLock lock(*this, __func__);
  lock.await_turn(plan_id, key_id);
  const auto found = find_plan_key(plan_id, key_id);
  if (!found.ok()) return found.status();
  Association& association = *found->association;
  const PlanRecord& plan = *association.plan;

  // All operations set the same number, so the last one holds.
  std::optional<int64_t> remaining;
  const absl::Status status =
      apply_each(operations, [&](const v1::PatchOperation& operation) {
        const auto value = remaining_of(operation);
        if (value.ok()) remaining = *value;
        return value.status();
      });
  if (!status.ok()) return status;
  Counts& counts = clients_.counts().of(*association.subscription);
  // If the clock has stepped back, the day that is counted is a later one.
  const int64_t time = clock_->now().unix_ns;
  const Day today = std::max(day_of(time), counts.quota.counted().day);
  const int64_t now = std::max(time, start_of(today));
  if (remaining.has_value()) {
    end_leases(*association.subscription);
    const auto extended = counts.quota.extension_to_leave(
        *remaining, quota_terms(plan.document, rules_), today, counts.log);
    if (!extended.ok()) return extended.status();
    const QuotaExtension& extension = extended->extension;
    // Kept as long as usage is reported, in periods that began up to 31 days
    // earlier.
    auto extensions = with_extension(association, extension, now,
                                     now - (days_kept_ + 32) * kNanosPerDay);
    WEIR_RETURN_IF_ERROR(commit([&] {
      return put_association(association.id, plan.id(), found->key->id(),
                             counts.quota.first_day(), *extensions);
    }));
    counts.quota.extend(extension);
    association.extensions = std::move(extensions);
  }
  v1::Usage usage;
  usage.set_usage_plan_id(plan.document.id());
  usage.set_start_date(format_date(today));
  usage.set_end_date(format_date(today));
  auto item = usage_of(*found->key, association, today, today);
  if (!item.ok()) return item.status();
  *usage.add_items() = *std::move(item);
  return usage;
}

}  // namespace weir::internal
