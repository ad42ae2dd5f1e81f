// Many API keys in one call.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "enforcer/enforcer.h"
#include "enforcer/enforcer_impl.h"
#include "enforcer/key_record.h"
#include "enforcer/key_table.h"
#include "enforcer/random_id.h"
#include "json/text.h"
#include "plan/plan_compiler.h"
#include "plan/plan_error.h"
#include "quota/calendar.h"

namespace weir {
namespace {

using Texts = absl::flat_hash_set<absl::string_view>;

absl::Status duplicate_value() {
  return plan_error(absl::StatusCode::kAlreadyExists,
                    aws_text::kDuplicateApiKey, aws_text::kDuplicateApiKey);
}

// What is wrong with a key by itself, or beside those before it in the call,
// whose ids and values these are.
absl::Status check_alone(const v1::ApiKey& key, Texts& ids, Texts& values) {
  if (!key.value().empty()) {
    if (auto status = check_api_key_value(key.value()); !status.ok()) {
      return status;
    }
    if (!values.insert(key.value()).second) return duplicate_value();
  }
  if (!key.id().empty()) {
    if (auto status = check_id(key.id()); !status.ok()) return status;
    if (!ids.insert(key.id()).second) return id_is_taken(key.id());
  }
  return check_api_key(key);
}

absl::Status of_key(size_t i, const absl::Status& status) {
  return with_prefix(status, absl::StrCat("keys[", i, "]: "));
}

}  // namespace

absl::StatusOr<std::vector<std::string>> Enforcer::import_api_keys(
    absl::Span<const v1::ApiKey> keys, std::string_view plan_id) {
  // All that can be done before others have to wait.
  Texts own_ids;
  Texts own_values;
  own_ids.reserve(keys.size());
  own_values.reserve(keys.size());
  std::vector<uint64_t> hashes(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    if (auto status = check_alone(keys[i], own_ids, own_values); !status.ok()) {
      return of_key(i, status);
    }
    hashes[i] = KeyTable::hash(keys[i].value());
  }
  std::vector<std::string> ids(keys.size());

  MutexLock lock(impl_->mutex);
  PlanRecord* plan = nullptr;
  QuotaCalendar calendar;
  if (!plan_id.empty()) {
    const auto found = impl_->find_plan(plan_id);
    if (!found.ok()) return found.status();
    plan = *found;
    calendar = quota_terms(plan->document, impl_->rules).calendar;
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    const v1::ApiKey& key = keys[i];
    if (!key.id().empty() && impl_->keys.find(key.id()) != nullptr) {
      return of_key(i, id_is_taken(key.id()));
    }
    if (!key.value().empty() &&
        impl_->table.find(key.value(), hashes[i]) != nullptr) {
      return of_key(i, duplicate_value());
    }
  }

  impl_->arena->collect();
  const int64_t now = impl_->clock->now().unix;
  RandomText secrets;
  size_t created = 0;
  for (; created < keys.size(); ++created) {
    const v1::ApiKey& key = keys[created];
    std::string& id = ids[created];
    id = key.id();
    // Ids that follow in this call are taken as well.
    while (id.empty() || (key.id().empty() && own_ids.contains(id))) {
      id = new_id(impl_->keys, impl_->ids);
    }
    KeyRecord* record;
    if (key.value().empty()) {
      const std::string value = secrets.secret();
      record = impl_->add_key(id, value, KeyTable::hash(value), key, now);
    } else {
      record = impl_->add_key(id, key.value(), hashes[created], key, now);
    }
    if (record == nullptr) break;
    if (plan != nullptr &&
        !impl_->associate(*record, *plan, day_of(now), calendar)) {
      impl_->remove_key(*record);
      break;
    }
  }
  if (created < keys.size()) {
    while (created > 0) impl_->remove_key(*impl_->keys.find(ids[--created]));
    impl_->arena->collect();
    return arena_exhausted();
  }
  return ids;
}

}  // namespace weir
