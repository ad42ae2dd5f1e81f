// Import of many API keys in one call.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "weir/base/random_id.h"
#include "weir/base/status_macros.h"
#include "weir/base/text.h"
#include "weir/control_plane/control_lock.h"
#include "weir/control_plane/control_plane.h"
#include "weir/control_plane/key_record.h"
#include "weir/control_plane/store_changes.h"
#include "weir/data_plane/key_table.h"
#include "weir/plan/plan_error.h"
#include "weir/quota/calendar.h"

namespace weir::internal {
namespace {

// Memory is prefetched for this many keys ahead.
constexpr size_t kAhead = 16;

// A key of the call, after prepare().
struct Imported {
  struct Overwritten {
    v1::ApiKey document;                          // as it will be
    absl::InlinedVector<PlanRecord*, 1> leaving;  // plans that it has now
  };

  size_t index;  // in the call
  KeyRecord* key;
  std::unique_ptr<Overwritten> overwritten;  // nullptr: the key is new
  // Under the plans that the key is to have and does not have yet.
  absl::InlinedVector<std::pair<PlanRecord*, Subscription*>, 1> subscriptions;
  int64_t first_association;  // the others' ids follow
};

// An error if a key cannot have these plans.
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

// What happens to keys with an error.
class Rejections {
 public:
  Rejections(size_t keys, std::vector<absl::Status>* skipped)
      : skipped_(skipped) {
    if (skipped != nullptr) skipped->assign(keys, absl::OkStatus());
  }

  bool has(size_t i) const {
    return skipped_ != nullptr && !(*skipped_)[i].ok();
  }

  // Leaves the key out, or returns the error for the call to fail with.
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

// One call of import_api_keys().
class ControlPlane::Import {
 public:
  Import(ControlPlane& control, absl::Span<const v1::ApiKey> keys,
         PlanIdsOf plan_ids, std::vector<absl::Status>* skipped,
         ExistingKeys existing)
      : plane_(control),
        keys_(keys),
        plan_ids_(plan_ids),
        rejections_(keys.size(), skipped),
        overwrites_(existing == ExistingKeys::kOverwrite) {}

  absl::StatusOr<std::vector<std::string>> run() {
    // First all that can be done without the lock.
    WEIR_RETURN_IF_ERROR(check_alone());
    choose_ids();
    generate_values();
    marked_.reserve(keys_.size());
    MutexLock alone(plane_.long_change_);
    ControlLock lock(plane_, "import_api_keys");
    plane_.importing_ = &marked_;
    // First the keys, which no new plan covers yet, then the store, then the
    // plans.
    absl::Status status = check_beside_others(lock);
    if (status.ok()) {
      plane_.collect();
      now_ = plane_.clock_->now().unix_ns;
      status = prepare(lock);
    }
    if (status.ok()) status = commit(lock);
    if (status.ok()) {
      for (const Imported& imported : imported_) {
        publish(imported);
        lock.pause();
      }
    } else {
      for (; !imported_.empty(); imported_.pop_back()) {
        take_back(imported_.back());
        lock.pause();
      }
    }
    plane_.importing_ = nullptr;
    plane_.collect();
    if (!status.ok()) return status;
    return std::move(key_ids_);
  }

 private:
  bool is_left_out(size_t i) const {
    return rejections_.has(i) || (overwrites_ && superseded_[i]);
  }

  // Checks keys by themselves, and against those before them in the call.
  absl::Status check_alone() {
    own_ids_.reserve(keys_.size());
    own_values_.reserve(keys_.size());
    hashes_.reserve(keys_.size());
    for (size_t i = 0; i < keys_.size(); ++i) {
      if (auto status = check_alone(keys_[i]); !status.ok()) {
        status = rejections_.add(i, std::move(status));
        if (!status.ok()) return status;
      }
      hashes_.push_back(plane_.clients_.hash(keys_[i].value()));
    }
    return absl::OkStatus();
  }

  absl::Status check_alone(const v1::ApiKey& key) {
    if (!key.value().empty()) {
      WEIR_RETURN_IF_ERROR(check_api_key_value(key.value()));
      if (!overwrites_ && !own_values_.emplace(key.value(), 0).second) {
        return value_is_taken();
      }
    }
    if (!key.id().empty()) {
      if (overwrites_) {
        return absl::InvalidArgumentError(
            "id: expected none, for a key's value says which one it is");
      }
      WEIR_RETURN_IF_ERROR(check_id(key.id()));
      if (!own_ids_.insert(key.id()).second) return id_is_taken(key.id());
    }
    WEIR_RETURN_IF_ERROR(check_api_key(key));
    return check_new_tags(key.tags());
  }

  void choose_ids() {
    key_ids_.resize(keys_.size());
    if (overwrites_) superseded_.resize(keys_.size());
    for (size_t i = 0; i < keys_.size(); ++i) {
      if (rejections_.has(i)) continue;
      key_ids_[i] = keys_[i].id();
      if (key_ids_[i].empty()) generate_id(i);
    }
  }

  void generate_id(size_t i) {
    do {
      key_ids_[i] = random_.id();
    } while (!own_ids_.insert(key_ids_[i]).second);
  }

  void prefetch(size_t i) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(plane_.mutex_) {
    if (i >= keys_.size()) return;
    plane_.clients_.table().prefetch(hashes_[i]);
    plane_.keys_.prefetch(key_ids_[i]);
  }

  // Checks keys against those of this enforcer. Of several keys of one value
  // that overwrite one another, the last without an error stays.
  absl::Status check_beside_others(ControlLock& lock)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(plane_.mutex_) {
    for (size_t i = 0; i < keys_.size(); ++i) {
      lock.pause();
      prefetch(i + kAhead);
      if (rejections_.has(i)) continue;
      absl::Status status = check_beside_others(i);
      if (status.ok()) {
        supersede(i);
        continue;
      }
      key_ids_[i].clear();
      status = rejections_.add(i, std::move(status));
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status check_beside_others(size_t i)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(plane_.mutex_) {
    const v1::ApiKey& key = keys_[i];
    WEIR_RETURN_IF_ERROR(find_plans(i));
    const Client* client = key.value().empty() ? nullptr
                                               : plane_.clients_.table().find(
                                                     key.value(), hashes_[i]);
    if (client != nullptr) {
      if (!overwrites_) return value_is_taken();
      overwrite_later(i, *client);
      return absl::OkStatus();
    }
    return have_free_id(i);
  }

  // An id that is taken is an error if the caller chose it; otherwise a new one
  // is generated.
  absl::Status have_free_id(size_t i)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(plane_.mutex_) {
    while (plane_.keys_.find(key_ids_[i]) != nullptr) {
      if (!keys_[i].id().empty()) return id_is_taken(key_ids_[i]);
      own_ids_.erase(key_ids_[i]);
      generate_id(i);
    }
    return absl::OkStatus();
  }

  // Leaves out the key of the same call that this one overwrites, if any.
  void supersede(size_t i) {
    if (!overwrites_ || keys_[i].value().empty()) return;
    const auto [it, is_first] = own_values_.emplace(keys_[i].value(), i);
    if (is_first) return;
    superseded_[it->second] = true;
    key_ids_[it->second].clear();
    it->second = i;
  }

  // From now on, other calls wait before they change the key.
  void overwrite_later(size_t i, const Client& client)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(plane_.mutex_) {
    const ClientState state(client.state.load(std::memory_order_relaxed));
    KeyRecord& key = *plane_.find_record(state.serial());
    marked_.emplace(&key, Importing::kOverwritten);
    overwritten_[i] = &key;
    key_ids_[i] = std::string(key.id());
  }

  // Consecutive keys usually have the same plans.
  absl::Status find_plans(size_t i)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(plane_.mutex_) {
    const absl::Span<const std::string> wanted = plan_ids_(i);
    if (wanted.data() == found_ids_.data() &&
        wanted.size() == found_ids_.size()) {
      return absl::OkStatus();
    }
    found_ids_ = {};
    found_plans_.clear();
    std::vector<PlanRecord*> plans;
    for (const std::string& id : wanted) {
      const auto plan = plane_.find_plan(id);
      if (!plan.ok()) return plan.status();
      plans.push_back(*plan);
    }
    WEIR_RETURN_IF_ERROR(check_plans(plans));
    found_plans_ = std::move(plans);
    found_ids_ = wanted;
    return absl::OkStatus();
  }

  void generate_values() {
    values_.resize(keys_.size());
    for (size_t i = 0; i < keys_.size(); ++i) {
      if (!rejections_.has(i) && keys_[i].value().empty()) {
        values_[i] = random_.secret();
      }
    }
  }

  absl::Status prepare(ControlLock& lock)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(plane_.mutex_) {
    imported_.reserve(keys_.size());
    for (size_t i = 0; i < keys_.size(); ++i) {
      lock.pause();
      prefetch(i + kAhead);
      if (is_left_out(i)) continue;
      WEIR_RETURN_IF_ERROR(find_plans(i));
      const auto overwritten = overwritten_.find(i);
      const bool is_new = overwritten == overwritten_.end();
      if (is_new) {
        auto status = check_again(i);
        if (!status.ok()) status = rejections_.add(i, std::move(status));
        if (!status.ok()) return status;
        if (rejections_.has(i)) continue;
      }
      KeyRecord* const key = is_new ? add(i) : overwritten->second;
      if (key == nullptr) return arena_exhausted();
      imported_.push_back({i,
                           key,
                           is_new ? nullptr : overwrite(i, *key),
                           {},
                           plane_.last_association_id_ + 1});
      WEIR_RETURN_IF_ERROR(subscribe(imported_.back()));
    }
    return absl::OkStatus();
  }

  // Checks that no such key has been created since the first look.
  absl::Status check_again(size_t i)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(plane_.mutex_) {
    absl::Status status;
    const v1::ApiKey& key = keys_[i];
    if (!key.value().empty() &&
        plane_.clients_.table().find(key.value(), hashes_[i]) != nullptr) {
      status = overwrites_ ? absl::AbortedError(
                                 "the value was taken by a key that was "
                                 "created concurrently; try again")
                           : value_is_taken();
    } else {
      status = have_free_id(i);
    }
    if (!status.ok()) key_ids_[i].clear();
    return status;
  }

  KeyRecord* add(size_t i) ABSL_EXCLUSIVE_LOCKS_REQUIRED(plane_.mutex_) {
    const v1::ApiKey& key = keys_[i];
    KeyRecord* const record = plane_.add_key(
        key_ids_[i], values_[i].empty() ? key.value() : values_[i], key,
        {now_, now_});
    if (record != nullptr) {
      marked_.emplace(record, Importing::kNew);
      ++plane_.hidden_keys_;
    }
    return record;
  }

  // Makes a new key visible to other calls, and lets them change it.
  void unmark(const KeyRecord& key)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(plane_.mutex_) {
    const auto marked = marked_.find(&key);
    if (marked->second == Importing::kNew) --plane_.hidden_keys_;
    marked_.erase(marked);
  }

  // Prepares to overwrite a key. REQUIRES: `found_plans_` are those of the i-th
  // key.
  std::unique_ptr<Imported::Overwritten> overwrite(size_t i,
                                                   const KeyRecord& key) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(plane_.mutex_) {
    auto result = std::make_unique<Imported::Overwritten>();
    v1::ApiKey& document = result->document;
    document = key.document(/*include_value=*/true);
    document.set_name(keys_[i].name());
    document.set_description(keys_[i].description());
    document.set_enabled(keys_[i].enabled());
    KeyRecord::set_dates({KeyRecord::dates_of(document).created_unix_ns, now_},
                         document);
    for (const Association& association : key.associations) {
      const bool stays = std::count(found_plans_.begin(), found_plans_.end(),
                                    association.plan) > 0;
      if (!stays) result->leaving.push_back(association.plan);
    }
    return result;
  }

  // Prepares subscriptions to the plans that the key does not have yet.
  // REQUIRES: the same.
  absl::Status subscribe(Imported& imported)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(plane_.mutex_) {
    for (PlanRecord* plan : found_plans_) {
      if (imported.key->find(*plan) != nullptr) continue;
      const auto subscription = plane_.clients_.prepare(
          imported.key->client(),
          CountsCopy::at_start(
              day_of(now_),
              quota_terms(plan->document, plane_.rules_).calendar),
          ++plane_.last_association_id_);
      if (!subscription.ok()) return subscription.status();
      imported.subscriptions.emplace_back(plan, *subscription);
    }
    return absl::OkStatus();
  }

  // Writes all changes, without the mutex: no other call changes these keys, or
  // deletes their plans.
  absl::Status commit(ControlLock& lock) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    const std::shared_ptr<Store> store = plane_.store_;
    if (store == nullptr) return absl::OkStatus();
    std::vector<v1::StoreChange> changes;
    changes.reserve(imported_.size() * 2);
    for (const Imported& imported : imported_) {
      add_changes(imported, changes);
      lock.pause();
    }
    lock.expect_commit(changes.size());
    lock.release();
    const absl::Status status = store->commit(changes);
    // Freeing a million of them takes a while.
    changes = {};
    lock.expect_commit(0);
    lock.acquire();
    return status;
  }

  void add_changes(const Imported& imported,
                   std::vector<v1::StoreChange>& changes) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(plane_.mutex_) {
    const KeyRecord& key = *imported.key;
    if (imported.overwritten == nullptr) {
      changes.push_back(put_api_key(key.document(/*include_value=*/true)));
    } else {
      changes.push_back(put_api_key(imported.overwritten->document));
      for (const PlanRecord* plan : imported.overwritten->leaving) {
        changes.push_back(delete_association(key.find(*plan)->id));
      }
    }
    int64_t id = imported.first_association;
    for (const auto& [plan, subscription] : imported.subscriptions) {
      changes.push_back(
          put_association(id++, plan->id(), key.id(), day_of(now_)));
    }
  }

  // At no time does the key admit more than before or after.
  void publish(const Imported& imported)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(plane_.mutex_) {
    KeyRecord& key = *imported.key;
    unmark(key);
    const Imported::Overwritten* const overwritten = imported.overwritten.get();
    if (overwritten != nullptr && !overwritten->document.enabled()) {
      plane_.clients_.set_enabled(key.client(), false);
    }
    int64_t id = imported.first_association;
    for (const auto& [plan, subscription] : imported.subscriptions) {
      plane_.associate(key, *plan, id++, *subscription);
    }
    if (overwritten == nullptr) return;
    for (PlanRecord* plan : overwritten->leaving) plane_.dissociate(key, *plan);
    key.update(overwritten->document);
    plane_.clients_.set_enabled(key.client(), overwritten->document.enabled());
  }

  void take_back(const Imported& imported)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(plane_.mutex_) {
    for (const auto& [plan, subscription] : imported.subscriptions) {
      plane_.clients_.discard(imported.key->client(), *subscription);
    }
    unmark(*imported.key);
    if (imported.overwritten == nullptr) plane_.remove_key(*imported.key);
  }

  ControlPlane& plane_;
  const absl::Span<const v1::ApiKey> keys_;
  const PlanIdsOf plan_ids_;
  Rejections rejections_;
  const bool overwrites_;

  // By index in the call.
  std::vector<uint32_t> hashes_;
  std::vector<std::string> key_ids_;  // "": left out
  std::vector<std::string> values_;   // those that were generated
  std::vector<bool> superseded_;

  RandomText random_;
  absl::flat_hash_set<absl::string_view> own_ids_;
  // Values, with the index of the last key that has each.
  absl::flat_hash_map<absl::string_view, size_t> own_values_;
  // Existing keys, by the index of the key that overwrites them.
  absl::flat_hash_map<size_t, KeyRecord*> overwritten_;
  // Keys that other calls leave alone.
  ImportedKeys marked_;

  absl::Span<const std::string> found_ids_;
  std::vector<PlanRecord*> found_plans_;

  int64_t now_ = 0;
  std::vector<Imported> imported_;
};

absl::StatusOr<std::vector<std::string>> ControlPlane::import_api_keys(
    absl::Span<const v1::ApiKey> keys, PlanIdsOf plan_ids,
    std::vector<absl::Status>* skipped, ExistingKeys existing) {
  return Import(*this, keys, plan_ids, skipped, existing).run();
}

}  // namespace weir::internal
