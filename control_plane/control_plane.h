#ifndef WEIR_CONTROL_PLANE_CONTROL_PLANE_H_
#define WEIR_CONTROL_PLANE_CONTROL_PLANE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "google/protobuf/map.h"
#include "weir/base/clock.h"
#include "weir/base/mutex.h"
#include "weir/base/random_id.h"
#include "weir/base/status_macros.h"
#include "weir/control_plane/calls_in_progress.h"
#include "weir/control_plane/key_record.h"
#include "weir/control_plane/plan_record.h"
#include "weir/control_plane/registry.h"
#include "weir/control_plane/usage_sync.h"
#include "weir/counts/counts_file.h"
#include "weir/data_plane/clients.h"
#include "weir/data_plane/data_plane.h"
#include "weir/data_plane/lease_manager.h"
#include "weir/data_plane/subscription.h"
#include "weir/enforcer/client_handle.h"
#include "weir/enforcer/options.h"
#include "weir/enforcer/plan_observer.h"
#include "weir/enforcer/requests.h"
#include "weir/enforcer/route.h"
#include "weir/enforcer/statistics.h"
#include "weir/memory/arena.h"
#include "weir/plan/compiled_plan.h"
#include "weir/plan/plan_changes.h"
#include "weir/plan/plan_compiler.h"
#include "weir/plan/validation.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/patch_operation.pb.h"
#include "weir/proto/store.pb.h"
#include "weir/proto/usage.pb.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/quota/calendar.h"
#include "weir/quota/counts.h"
#include "weir/quota/usage_history.h"
#include "weir/store/store.h"

namespace weir::internal {

class ControlPlane;

// An enforcer's two halves. The second refers to the first.
struct Planes {
  std::unique_ptr<DataPlane> data_plane;
  std::unique_ptr<ControlPlane> control_plane;
};

// Creates and changes plans, keys and routes under one mutex, keeps them in a
// store, and fills a data plane with them.
//
// *thread-safe*, except for construction and destruction.
class ControlPlane {
 public:
  ControlPlane(const Options& options, DataPlane& data_plane);
  ControlPlane(const ControlPlane&) = delete;
  ControlPlane& operator=(const ControlPlane&) = delete;

  // Makes both planes, with the contents of the options' store. See
  // Enforcer::create() for the errors.
  static absl::StatusOr<Planes> create(const Options& options);

  // Ends all leases, and syncs for the last time. Without it, as after a
  // recovery that failed, the object leaves the store as it is. REQUIRES:
  // nothing is counted any more.
  void close();

  // What the Enforcer's functions of the same names do.
  absl::StatusOr<std::string> api_key_id(const ClientHandle& client) const;
  void maintain();
  absl::StatusOr<std::vector<Route>> intern_routes(
      absl::Span<const MethodName> names);
  absl::StatusOr<v1::UsagePlan> create_usage_plan(const v1::UsagePlan& plan);
  absl::StatusOr<v1::UsagePlan> get_usage_plan(std::string_view plan_id) const;
  absl::StatusOr<Page<v1::UsagePlan>> list_usage_plans(
      const PageRequest& page, std::string_view key_id) const;
  absl::StatusOr<v1::UsagePlan> tag_usage_plan(std::string_view plan_id,
                                               const TagChanges& changes);
  absl::Status delete_usage_plan(std::string_view plan_id);
  absl::StatusOr<v1::UsagePlan> apply_patch(
      std::string_view plan_id,
      absl::Span<const v1::PatchOperation> operations);
  void add_plan_observer(PlanObserver* observer);
  void remove_plan_observer(PlanObserver* observer);
  absl::Status share_usage_plan(std::string_view plan_id);
  absl::Status unshare_usage_plan(std::string_view plan_id);
  absl::StatusOr<v1::ApiKey> create_api_key(const v1::ApiKey& key);
  // `plan_ids(i)` are the plans of the i-th key.
  using PlanIdsOf = absl::FunctionRef<absl::Span<const std::string>(size_t i)>;
  absl::StatusOr<std::vector<std::string>> import_api_keys(
      absl::Span<const v1::ApiKey> keys, PlanIdsOf plan_ids,
      std::vector<absl::Status>* skipped, ExistingKeys existing)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<v1::ApiKey> get_api_key(std::string_view key_id,
                                         bool include_value) const;
  absl::StatusOr<Page<v1::ApiKey>> list_api_keys(
      const PageRequest& page, bool include_values,
      const ApiKeyFilter& filter) const;
  absl::StatusOr<v1::ApiKey> update_api_key(
      std::string_view key_id, absl::Span<const v1::PatchOperation> operations);
  absl::StatusOr<v1::ApiKey> tag_api_key(std::string_view key_id,
                                         const TagChanges& changes);
  absl::Status delete_api_key(std::string_view key_id);
  absl::StatusOr<v1::UsagePlanKey> create_usage_plan_key(
      std::string_view plan_id, std::string_view key_id);
  absl::StatusOr<v1::UsagePlanKey> get_usage_plan_key(
      std::string_view plan_id, std::string_view key_id) const;
  absl::StatusOr<Page<v1::UsagePlanKey>> list_usage_plan_keys(
      std::string_view plan_id, const PageRequest& page,
      std::string_view name_prefix) const;
  absl::Status delete_usage_plan_key(std::string_view plan_id,
                                     std::string_view key_id);
  absl::StatusOr<v1::Usage> get_usage(const UsageRequest& request) const;
  absl::StatusOr<v1::Usage> update_usage(
      std::string_view plan_id, std::string_view key_id,
      absl::Span<const v1::PatchOperation> operations);
  absl::Status sync();
  EnforcerStatistics statistics() const;

 private:
  static Planes make(const Options& options, std::unique_ptr<Arena> arena,
                     std::unique_ptr<CountsFile> counts_file);
  static absl::StatusOr<Planes> recover(const Options& options,
                                        std::unique_ptr<Arena> arena);

  class ControlLock;
  class Import;
  class Recovery;
  class RouteInterner;

  // How many days usage is reported for.
  static constexpr int kDaysInMemory = 90;
  static constexpr int kDaysInStore = 400;

  // Makes a change durable before it takes effect. OK without a store.
  absl::Status commit(absl::FunctionRef<v1::StoreChange()> change)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return store_ == nullptr ? absl::OkStatus() : store_->commit({change()});
  }

  // Frees memory that can be reused by now, and provides memory ahead.
  void collect() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Errors carry API Gateway's text.
  absl::StatusOr<PlanRecord*> find_plan(std::string_view plan_id) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<KeyRecord*> find_key(std::string_view key_id) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The record of the client with this serial number: both are created together
  // and have the same number. nullptr if the key was deleted.
  KeyRecord* find_record(uint64_t serial) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return keys_.find_inserted(serial);
  }
  // A key and its association with a plan.
  struct PlanKey {
    KeyRecord* key;
    Association* association;
  };
  absl::StatusOr<PlanKey> find_plan_key(std::string_view plan_id,
                                        std::string_view key_id) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Publishes the version that an update leads to, once `stored` is committed;
  // or the current version again, with new routes. ResourceExhausted without
  // memory, or the store's error; then nothing has changed.
  absl::Status publish(PlanRecord& plan, PlanCompiler::Update update,
                       absl::FunctionRef<v1::StoreChange()> stored)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status publish(PlanRecord& plan) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Allocates the memory for an update.
  absl::StatusOr<PlanCompiler::Memory> reserve(
      const PlanRecord& plan, const PlanCompiler::Update& update)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void release(const PlanCompiler::Memory& memory, size_t plan_bytes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void exchange(PlanCell& cell, const CompiledPlan* next)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void retire(const std::vector<const CompiledThrottle*>& throttles)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Settles what threads hold of the limits of the plan or the subscription.
  void end_leases(const PlanCell& cell) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (leases_ != nullptr) leases_->end(cell);
  }
  void end_leases(const Subscription& subscription) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (leases_ != nullptr) leases_->end(subscription);
  }

  // Does what apply_patch() does. If it sets `waits`, nothing has changed: the
  // patch adds stages during an import, whose keys it cannot see.
  absl::StatusOr<v1::UsagePlan> patch_plan(
      std::string_view plan_id, absl::Span<const v1::PatchOperation> operations,
      bool& waits) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // intern_routes() under the lock.
  absl::StatusOr<std::vector<Route>> intern_locked(
      absl::Span<const MethodName> names) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Call the observers. An error refuses the change.
  absl::Status check_change(const v1::UsagePlan& wanted,
                            const PlanChanges& changes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void report_change(const v1::UsagePlan& plan, const PlanChanges& changes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void report_deletion(std::string_view plan_id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // The history of the plan's quota, including the terms that hold from `now`
  // on.
  std::vector<TermsChange> terms_with(const PlanRecord& plan, int64_t now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Adds a plan that is valid and new, with its document and terms.
  absl::Status add_plan(PlanRecord plan) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Makes all keys draw on a plan's throttles.
  absl::Status share(PlanRecord& plan) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // AlreadyExists if the key has a plan other than `plan` for one of `stages`.
  absl::Status check_stages(const KeyRecord& key, const PlanRecord& plan,
                            const std::set<StageName>& stages) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Adds a key that is valid and new, with this id and value and the rest from
  // `key`. nullptr, and nothing changed, if the arena is used up.
  KeyRecord* add_key(std::string_view id, std::string_view value,
                     const v1::ApiKey& key, KeyRecord::Dates dates)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Removes a key and ends its associations.
  void remove_key(KeyRecord& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Changes a key's attributes, all but its id and value.
  absl::StatusOr<v1::ApiKey> update_key(
      std::string_view key_id,
      absl::FunctionRef<absl::Status(v1::ApiKey&)> change)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Associates a key with a plan, none of whose stages is in another plan of
  // the key. `subscription` was prepared for this.
  void associate(KeyRecord& key, PlanRecord& plan, int64_t id,
                 Subscription& subscription)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // REQUIRES: they are associated.
  void dissociate(KeyRecord& key, PlanRecord& plan)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::StatusOr<v1::KeyUsage> usage_of(const KeyRecord& key,
                                        const Association& association,
                                        Day first, Day last) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const PlanRules rules_;
  const int days_kept_;
  DataPlane& data_plane_;
  // Of the data plane.
  const std::shared_ptr<Clock> clock_;
  Arena& arena_;
  CountsFile* const counts_file_;  // nullptr: not in a file
  Clients& clients_;
  LeaseManager* const leases_;  // nullptr: the option is off

  // What statistics show, as of the last unlock of `mutex_`: relaxed.
  struct Sizes {
    std::atomic<size_t> usage_plans{0};
    std::atomic<size_t> api_keys{0};
    std::atomic<size_t> arena_used_bytes{0};
    std::atomic<size_t> arena_retired_bytes{0};
    std::atomic<size_t> leases{0};
    std::atomic<size_t> counts_file_bytes{0};
  };
  void publish_sizes() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Whether an import in progress creates or overwrites the key.
  bool is_imported(const KeyRecord& key) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return importing_ != nullptr && importing_->contains(&key);
  }
  // Whether an import in progress creates the key, so that it is not visible
  // yet.
  bool is_hidden(const KeyRecord& key) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (importing_ == nullptr) return false;
    const auto found = importing_->find(&key);
    return found != importing_->end() && found->second == Importing::kNew;
  }

  mutable Sizes sizes_;
  mutable CallsInProgress calls_;

  // Held by one long change at a time, from beginning to end. Lock it before
  // `mutex_`.
  mutable Mutex long_change_ ABSL_ACQUIRED_BEFORE(mutex_);

  mutable Mutex mutex_;
  // The keys of the import in progress; owned by the import. nullptr: none.
  enum class Importing { kNew, kOverwritten };
  using ImportedKeys = absl::flat_hash_map<const KeyRecord*, Importing>;
  ImportedKeys* importing_ ABSL_GUARDED_BY(mutex_) = nullptr;
  size_t hidden_keys_ ABSL_GUARDED_BY(mutex_) = 0;
  Registry<PlanRecord> plans_ ABSL_GUARDED_BY(mutex_);
  Registry<KeyRecord> keys_ ABSL_GUARDED_BY(mutex_);
  // The ids of the keys deleted last, with the serials of their clients.
  static constexpr size_t kDeletedKeys = 1024;
  std::deque<std::pair<uint64_t, std::string>> deleted_keys_
      ABSL_GUARDED_BY(mutex_);
  RandomText ids_ ABSL_GUARDED_BY(mutex_);
  std::vector<PlanObserver*> plan_observers_ ABSL_GUARDED_BY(mutex_);
  RouteIds routes_ ABSL_GUARDED_BY(mutex_);
  // Ids are never reused, even if the first use failed. No route has id 0.
  uint32_t last_route_ ABSL_GUARDED_BY(mutex_) = 0;
  int shared_plans_ ABSL_GUARDED_BY(mutex_) = 0;
  // Ids are never reused, even if the first use failed.
  int64_t last_association_id_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t association_count_ ABSL_GUARDED_BY(mutex_) = 0;

  // nullptr: everything is in memory only.
  std::shared_ptr<Store> store_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<UsageSync> sync_;  // nullptr: there is nothing to sync
  EnforcerStatistics::Counts counts_from_ = EnforcerStatistics::Counts::kNew;
};

// Check whether a key may have this value, and the rest of `key` but its id.
absl::Status check_api_key_value(std::string_view value);
absl::Status check_api_key(const v1::ApiKey& key);
absl::Status value_is_taken();

// Checks what is required of new tags in addition to any tags.
template <class Tags>
absl::Status check_new_tags(const Tags& tags) {
  for (const auto& [key, value] : tags) {
    WEIR_RETURN_IF_ERROR(check_tag_key(key));
  }
  return absl::OkStatus();
}

void apply(const TagChanges& changes,
           google::protobuf::Map<std::string, std::string>& tags);

}  // namespace weir::internal

#endif  // WEIR_CONTROL_PLANE_CONTROL_PLANE_H_
