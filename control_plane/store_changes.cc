#include "weir/control_plane/store_changes.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "weir/quota/calendar.h"
#include "weir/quota/packed_words.h"
#include "weir/quota/quota_terms.h"

namespace weir::internal {
namespace {

bool is_calendar(int32_t id) { return id >= 0 && id < QuotaCalendar::kIds; }

}  // namespace

v1::StoreChange put_usage_plan(const v1::UsagePlan& plan,
                               absl::Span<const TermsChange> terms,
                               bool shared) {
  v1::StoreChange change;
  v1::StoredPlan& stored = *change.mutable_put_usage_plan();
  *stored.mutable_plan() = plan;
  stored.set_shared(shared);
  for (const TermsChange& held : terms) {
    v1::StoredTerms& item = *stored.add_terms();
    item.set_unix_ns(held.unix_ns);
    item.set_calendar(held.terms.calendar.id());
    item.set_limit(held.terms.limit);
    item.set_initial_discount(held.terms.initial_discount);
  }
  return change;
}

v1::StoreChange delete_usage_plan(std::string_view plan_id) {
  v1::StoreChange change;
  change.set_delete_usage_plan(std::string(plan_id));
  return change;
}

v1::StoreChange put_api_key(v1::ApiKey key) {
  v1::StoreChange change;
  *change.mutable_put_api_key() = std::move(key);
  return change;
}

v1::StoreChange delete_api_key(std::string_view key_id) {
  v1::StoreChange change;
  change.set_delete_api_key(std::string(key_id));
  return change;
}

v1::StoreChange put_association(int64_t id, std::string_view plan_id,
                                std::string_view key_id, Day first_day,
                                absl::Span<const ExtensionChange> extensions) {
  v1::StoreChange change;
  v1::StoredAssociation& stored = *change.mutable_put_association();
  stored.set_id(id);
  stored.set_usage_plan_id(std::string(plan_id));
  stored.set_key_id(std::string(key_id));
  stored.set_first_day(first_day);
  for (const ExtensionChange& held : extensions) {
    v1::StoredExtension& item = *stored.add_extensions();
    item.set_unix_ns(held.unix_ns);
    item.set_calendar(held.extension.calendar.id());
    item.set_day(held.extension.period_start);
    item.set_amount(held.extension.amount);
  }
  return change;
}

v1::StoreChange delete_association(int64_t id) {
  v1::StoreChange change;
  change.set_delete_association(id);
  return change;
}

absl::StatusOr<std::vector<TermsChange>> terms_of(const v1::StoredPlan& plan) {
  std::vector<TermsChange> terms;
  for (const v1::StoredTerms& item : plan.terms()) {
    if (!is_calendar(item.calendar()) || item.limit() < 0 ||
        item.initial_discount() < 0) {
      return absl::DataLossError(absl::StrCat(
          "usage plan ", plan.plan().id(), ": its quota's history is damaged"));
    }
    terms.push_back({item.unix_ns(),
                     {QuotaCalendar::from_id(item.calendar()), item.limit(),
                      item.initial_discount()}});
  }
  return terms;
}

absl::StatusOr<std::vector<ExtensionChange>> extensions_of(
    const v1::StoredAssociation& association) {
  std::vector<ExtensionChange> extensions;
  for (const v1::StoredExtension& item : association.extensions()) {
    if (!is_calendar(item.calendar()) || item.day() < 0 ||
        item.day() > kLastDay || item.amount() > PeriodWord::kMaxSigned ||
        item.amount() < -PeriodWord::kMaxSigned) {
      return absl::DataLossError(absl::StrCat(
          "API key ", association.key_id(), " of usage plan ",
          association.usage_plan_id(), ": its extensions are damaged"));
    }
    extensions.push_back(
        {item.unix_ns(),
         {QuotaCalendar::from_id(item.calendar()), item.day(), item.amount()}});
  }
  return extensions;
}

}  // namespace weir::internal
