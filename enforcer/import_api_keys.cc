// Many API keys in one call.

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
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

// A key of the call, under its plans.
struct Added {
  size_t index;  // in the call
  KeyRecord* key;
  absl::InlinedVector<Subscription*, 1> subscriptions;
  int64_t first_association;  // the others' ids follow
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

// What is wrong with these plans for one key.
absl::Status check_plans(absl::Span<PlanRecord* const> plans) {
  if (plans.size() < 2) return absl::OkStatus();
  std::set<StageName> stages;
  for (const PlanRecord* plan : plans) {
    if (std::count(plans.begin(), plans.end(), plan) > 1) {
      return absl::AlreadyExistsError(
          absl::StrCat("usage plan ", plan->id(), " is there twice"));
    }
    for (const v1::ApiStage& stage : plan->document.api_stages()) {
      if (!stages.insert(name_of(stage)).second) {
        return absl::AlreadyExistsError(absl::StrCat(
            "stage ", stage.api_id(), ":", stage.stage(),
            " is in two of the usage plans; a key has at most one plan for a "
            "stage"));
      }
    }
  }
  return absl::OkStatus();
}

// What becomes of the keys that something is wrong with.
class Rejections {
 public:
  Rejections(size_t keys, std::vector<absl::Status>* skipped)
      : skipped_(skipped) {
    if (skipped != nullptr) skipped->assign(keys, absl::OkStatus());
  }

  bool has(size_t i) const {
    return skipped_ != nullptr && !(*skipped_)[i].ok();
  }

  // The key is left out, or the error is the call's.
  absl::Status add(size_t i, absl::Status status) {
    if (skipped_ == nullptr) {
      return with_prefix(status, absl::StrCat("keys[", i, "]: "));
    }
    (*skipped_)[i] = std::move(status);
    return absl::OkStatus();
  }

 private:
  std::vector<absl::Status>* const skipped_;
};

}  // namespace

absl::StatusOr<std::vector<std::string>> Enforcer::Impl::import_keys(
    absl::Span<const v1::ApiKey> new_keys, PlanIdsOf plan_ids,
    std::vector<absl::Status>* skipped) {
  Rejections rejections(new_keys.size(), skipped);
  // All that can be done before others have to wait.
  Texts own_ids;
  Texts own_values;
  own_ids.reserve(new_keys.size());
  own_values.reserve(new_keys.size());
  std::vector<uint32_t> hashes(new_keys.size());
  for (size_t i = 0; i < new_keys.size(); ++i) {
    if (auto status = check_alone(new_keys[i], own_ids, own_values);
        !status.ok()) {
      status = rejections.add(i, std::move(status));
      if (!status.ok()) return status;
    }
    hashes[i] = clients.hash(new_keys[i].value());
  }
  RandomText random;
  std::vector<std::string> key_ids(new_keys.size());
  const auto generate_id = [&](size_t i) {
    do {
      key_ids[i] = random.id();
    } while (!own_ids.insert(key_ids[i]).second);
  };
  for (size_t i = 0; i < new_keys.size(); ++i) {
    if (rejections.has(i)) continue;
    key_ids[i] = new_keys[i].id();
    if (key_ids[i].empty()) generate_id(i);
  }

  MutexLock lock(mutex);
  // Keys that follow one another have the same plans, as a rule.
  absl::Span<const std::string> found_ids;
  std::vector<PlanRecord*> found_plans;
  const auto find_plans = [&](size_t i) -> absl::Status {
    mutex.assert_held();
    const absl::Span<const std::string> wanted = plan_ids(i);
    if (wanted.data() == found_ids.data() &&
        wanted.size() == found_ids.size()) {
      return absl::OkStatus();
    }
    found_ids = {};
    found_plans.clear();
    for (const std::string& id : wanted) {
      const auto plan = find_plan(id);
      if (!plan.ok()) return plan.status();
      found_plans.push_back(*plan);
    }
    found_ids = wanted;
    return check_plans(found_plans);
  };
  const KeyTable& table = clients.table();
  const auto prefetch = [&](size_t i) {
    mutex.assert_held();
    if (i >= new_keys.size()) return;
    table.prefetch(hashes[i]);
    keys.prefetch(key_ids[i]);
  };
  for (size_t i = 0; i < new_keys.size(); ++i) {
    prefetch(i + kAhead);
    if (rejections.has(i)) continue;
    const v1::ApiKey& key = new_keys[i];
    absl::Status status = find_plans(i);
    if (status.ok() && !key.value().empty() &&
        table.find(key.value(), hashes[i]) != nullptr) {
      status = value_is_taken();
    }
    while (status.ok() && keys.find(key_ids[i]) != nullptr) {
      if (!key.id().empty()) {
        status = id_is_taken(key_ids[i]);
      } else {
        own_ids.erase(key_ids[i]);
        generate_id(i);
      }
    }
    if (status.ok()) continue;
    key_ids[i].clear();
    status = rejections.add(i, std::move(status));
    if (!status.ok()) return status;
  }

  std::vector<std::string> values(new_keys.size());
  for (size_t i = 0; i < new_keys.size(); ++i) {
    if (new_keys[i].value().empty()) values[i] = random.secret();
  }
  collect();
  const int64_t now = clock->now().unix;
  // First the keys, which no plan covers yet, then the store, then the plans.
  std::vector<Added> added;
  added.reserve(new_keys.size());
  absl::Status status;
  for (size_t i = 0; i < new_keys.size() && status.ok(); ++i) {
    prefetch(i + kAhead);
    if (rejections.has(i)) continue;
    KeyRecord* const key =
        add_key(key_ids[i], values[i].empty() ? new_keys[i].value() : values[i],
                new_keys[i], {now, now});
    if (key == nullptr) {
      status = arena_exhausted();
      break;
    }
    Added& adding = added.emplace_back();
    adding.index = i;
    adding.key = key;
    adding.first_association = last_association_id + 1;
    status = find_plans(i);
    for (size_t j = 0; j < found_plans.size() && status.ok(); ++j) {
      const auto subscription = clients.prepare(
          key->client(),
          CountsCopy::at_start(
              day_of(now),
              quota_terms(found_plans[j]->document, rules).calendar),
          ++last_association_id);
      status = subscription.status();
      if (status.ok()) adding.subscriptions.push_back(*subscription);
    }
  }
  if (status.ok() && store != nullptr) {
    std::vector<v1::StoreChange> changes;
    changes.reserve(added.size() * 2);
    for (const Added& key : added) {
      changes.push_back(put_api_key(key.key->document(true)));
      const absl::Span<const std::string> ids = plan_ids(key.index);
      for (size_t j = 0; j < ids.size(); ++j) {
        changes.push_back(
            put_association(key.first_association + static_cast<int64_t>(j),
                            ids[j], key.key->id(), day_of(now)));
      }
    }
    status = store->commit(changes);
  }
  if (!status.ok()) {
    for (; !added.empty(); added.pop_back()) {
      const Added& last = added.back();
      for (Subscription* subscription : last.subscriptions) {
        clients.discard(last.key->client(), *subscription);
      }
      remove_key(*last.key);
    }
    collect();
    return status;
  }
  for (const Added& key : added) {
    // They are there: nothing has changed meanwhile.
    (void)find_plans(key.index);
    for (size_t j = 0; j < found_plans.size(); ++j) {
      associate(*key.key, *found_plans[j],
                key.first_association + static_cast<int64_t>(j),
                *key.subscriptions[j]);
    }
  }
  return key_ids;
}

absl::StatusOr<std::vector<std::string>> Enforcer::import_api_keys(
    absl::Span<const v1::ApiKey> keys, std::string_view plan_id) {
  const std::string one(plan_id);
  const absl::Span<const std::string> plans(&one, plan_id.empty() ? 0 : 1);
  if (!plan_id.empty()) {
    // Otherwise the first key would be told to be wrong.
    if (auto plan = get_usage_plan(plan_id); !plan.ok()) return plan.status();
  }
  return impl_->import_keys(
      keys, [&](size_t) { return plans; }, /*skipped=*/nullptr);
}

absl::StatusOr<std::vector<std::string>> Enforcer::import_api_keys(
    absl::Span<const v1::ApiKey> keys,
    absl::Span<const std::vector<std::string>> plan_ids,
    std::vector<absl::Status>* skipped) {
  return impl_->import_keys(
      keys,
      [&](size_t i) -> absl::Span<const std::string> { return plan_ids[i]; },
      skipped);
}

}  // namespace weir
