// Many API keys in one call.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
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
#include "enforcer/stored.h"
#include "json/text.h"
#include "plan/plan_error.h"
#include "quota/calendar.h"

namespace weir {
namespace {

// Memory is called for so many keys ahead.
constexpr size_t kAhead = 16;

// A key of the call, under its plan.
struct Added {
  KeyRecord* key;
  Subscription* subscription;  // nullptr: not yet, or there is no plan
};

using Texts = absl::flat_hash_set<absl::string_view>;

// What is wrong with a key by itself, or beside those before it in the call,
// whose ids and values these are.
absl::Status check_alone(const v1::ApiKey& key, Texts& ids, Texts& values) {
  if (!key.value().empty()) {
    if (auto status = check_api_key_value(key.value()); !status.ok()) {
      return status;
    }
    if (!values.insert(key.value()).second) return value_is_taken();
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
  std::vector<uint32_t> hashes(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    if (auto status = check_alone(keys[i], own_ids, own_values); !status.ok()) {
      return of_key(i, status);
    }
    hashes[i] = impl_->clients.hash(keys[i].value());
  }
  RandomText random;
  std::vector<std::string> ids(keys.size());
  const auto generate_id = [&](size_t i) {
    do {
      ids[i] = random.id();
    } while (!own_ids.insert(ids[i]).second);
  };
  for (size_t i = 0; i < keys.size(); ++i) {
    ids[i] = keys[i].id();
    if (ids[i].empty()) generate_id(i);
  }

  MutexLock lock(impl_->mutex);
  PlanRecord* plan = nullptr;
  if (!plan_id.empty()) {
    const auto found = impl_->find_plan(plan_id);
    if (!found.ok()) return found.status();
    plan = *found;
  }
  const KeyTable& table = impl_->clients.table();
  for (size_t i = 0; i < keys.size(); ++i) {
    if (i + kAhead < keys.size()) {
      table.prefetch(hashes[i + kAhead]);
      impl_->keys.prefetch(ids[i + kAhead]);
    }
    if (!keys[i].value().empty() &&
        table.find(keys[i].value(), hashes[i]) != nullptr) {
      return of_key(i, value_is_taken());
    }
    while (impl_->keys.find(ids[i]) != nullptr) {
      if (!keys[i].id().empty()) return of_key(i, id_is_taken(ids[i]));
      own_ids.erase(ids[i]);
      generate_id(i);
    }
  }

  std::vector<std::string> values(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].value().empty()) values[i] = random.secret();
  }
  const auto value = [&](size_t i) -> const std::string& {
    return values[i].empty() ? keys[i].value() : values[i];
  };
  impl_->collect();
  const int64_t now = impl_->clock->now().unix;
  const QuotaCalendar calendar =
      plan == nullptr ? QuotaCalendar::none()
                      : quota_terms(plan->document, impl_->rules).calendar;
  const int64_t first_association = impl_->last_association_id + 1;
  const auto association = [&](size_t i) {
    return first_association + static_cast<int64_t>(i);
  };
  if (plan != nullptr) {
    impl_->last_association_id += static_cast<int64_t>(keys.size());
  }
  // First the keys, which no plan covers yet, then the store, then the plan.
  std::vector<Added> added;
  added.reserve(keys.size());
  absl::Status status;
  for (size_t i = 0; i < keys.size() && status.ok(); ++i) {
    if (i + kAhead < keys.size()) {
      table.prefetch(hashes[i + kAhead]);
      impl_->keys.prefetch(ids[i + kAhead]);
    }
    KeyRecord* key = impl_->add_key(ids[i], value(i), keys[i], {now, now});
    if (key == nullptr) {
      status = arena_exhausted();
      break;
    }
    added.push_back({key, nullptr});
    if (plan == nullptr) continue;
    const auto subscription = impl_->clients.prepare(
        key->client(), CountsCopy::at_start(day_of(now), calendar),
        association(i));
    if (subscription.ok()) {
      added.back().subscription = *subscription;
    } else {
      status = subscription.status();
    }
  }
  if (status.ok() && impl_->store != nullptr) {
    std::vector<v1::StoreChange> changes;
    changes.reserve(keys.size() * 2);
    for (size_t i = 0; i < keys.size(); ++i) {
      changes.push_back(put_api_key(added[i].key->document(true)));
      if (plan != nullptr) {
        changes.push_back(
            put_association(association(i), plan_id, ids[i], day_of(now)));
      }
    }
    status = impl_->store->commit(changes);
  }
  if (!status.ok()) {
    for (; !added.empty(); added.pop_back()) {
      const Added& last = added.back();
      if (last.subscription != nullptr) {
        impl_->clients.discard(last.key->client(), *last.subscription);
      }
      impl_->remove_key(*last.key);
    }
    impl_->collect();
    return status;
  }
  if (plan != nullptr) {
    for (size_t i = 0; i < keys.size(); ++i) {
      impl_->associate(*added[i].key, *plan, association(i),
                       *added[i].subscription);
    }
  }
  return ids;
}

}  // namespace weir
