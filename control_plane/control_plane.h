#ifndef WEIR_CONTROL_PLANE_CONTROL_PLANE_H_
#define WEIR_CONTROL_PLANE_CONTROL_PLANE_H_

#include <atomic>
#include <chrono>
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
#include "weir/control_plane/calls_in_progress.h"
#include "weir/control_plane/creation_order.h"
#include "weir/control_plane/key_record.h"
#include "weir/control_plane/random_id.h"
#include "weir/control_plane/registry.h"
#include "weir/control_plane/usage_sync.h"
#include "weir/counts/counts_file.h"
#include "weir/data_plane/clients.h"
#include "weir/data_plane/lease_manager.h"
#include "weir/data_plane/subscription.h"
#include "weir/enforcer/enforcer.h"
#include "weir/memory/arena.h"
#include "weir/plan/compiled_plan.h"
#include "weir/plan/plan_changes.h"
#include "weir/plan/plan_compiler.h"
#include "weir/plan/validation.h"
#include "weir/proto/store.pb.h"
#include "weir/quota/calendar.h"
#include "weir/quota/counts.h"
#include "weir/quota/usage_history.h"
#include "weir/store/store.h"

namespace weir {

struct PlanRecord {
  enum class State {
    kPresent,
    kLeaving,  // its deletion is being stored: changes wait
    kGone,     // deleted; its keys are being dissociated
  };

  const std::string& id() const { return document.id(); }

  v1::UsagePlan document;
  PlanCompiler compiler;
  PlanCell* cell = nullptr;
  std::vector<TermsChange> terms;  // for as far back as usage is reported
  NewestFirst<KeyRecord> keys;     // that are associated with the plan
  Subscription* shared = nullptr;  // if all keys share the plan
  State state = State::kPresent;
};

// The state of an Enforcer. What `admit()` reads is not guarded; the rest
// belongs to the control plane, under one mutex.
struct Enforcer::Impl {
  class ControlLock;
  class Import;
  class Recovery;

  // How many days usage is reported for.
  static constexpr int kDaysInMemory = 90;
  static constexpr int kDaysInStore = 400;

  Impl(const Options& options, std::unique_ptr<Arena> arena,
       std::unique_ptr<CountsFile> counts_file = nullptr);

  // Makes one from what the options' store holds.
  static absl::StatusOr<std::unique_ptr<Impl>> recover(
      const Options& options, std::unique_ptr<Arena> arena);

  // Makes a change durable before it takes effect. OK without a store.
  absl::Status commit(absl::FunctionRef<v1::StoreChange()> change)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    return store == nullptr ? absl::OkStatus() : store->commit({change()});
  }

  // Frees memory that can be reused by now, and provides memory ahead.
  void collect() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  // Decides a request of this client, or of an unknown key if it is nullptr.
  // `decision` must be as constructed. REQUIRES: inside an EpochDomain::Guard.
  void decide(Client* client, const Call& call, Instant now,
              Decision& decision) noexcept;

  // Errors carry API Gateway's text.
  absl::StatusOr<PlanRecord*> find_plan(std::string_view plan_id) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  absl::StatusOr<KeyRecord*> find_key(std::string_view key_id) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // The record of the client with this serial number: both are created together
  // and have the same number. nullptr if the key was deleted.
  KeyRecord* find_record(uint64_t serial) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    return keys.find_inserted(serial);
  }
  // A key and its association with a plan.
  struct PlanKey {
    KeyRecord* key;
    Association* association;
  };
  absl::StatusOr<PlanKey> find_plan_key(std::string_view plan_id,
                                        std::string_view key_id) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  // Publishes the version that an update leads to, once `stored` is committed;
  // or the current version again, with new routes. ResourceExhausted without
  // memory, or the store's error; then nothing has changed.
  absl::Status publish(PlanRecord& plan, PlanCompiler::Update update,
                       absl::FunctionRef<v1::StoreChange()> stored)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  absl::Status publish(PlanRecord& plan) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // Allocates the memory for an update.
  absl::StatusOr<PlanCompiler::Memory> reserve(
      const PlanRecord& plan, const PlanCompiler::Update& update)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  void release(const PlanCompiler::Memory& memory, size_t plan_bytes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  void exchange(PlanCell& cell, const CompiledPlan* next)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  void retire(const std::vector<const CompiledThrottle*>& throttles)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  // Settles what threads hold of the limits of the plan or the subscription.
  void end_leases(const PlanCell& cell) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (leases != nullptr) leases->end(cell);
  }
  void end_leases(const Subscription& subscription) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (leases != nullptr) leases->end(subscription);
  }

  // Does what apply_patch() does. If it sets `waits`, nothing has changed: the
  // patch adds stages during an import, whose keys it cannot see.
  absl::StatusOr<v1::UsagePlan> patch_plan(
      std::string_view plan_id, absl::Span<const v1::PatchOperation> operations,
      bool& waits) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  // The history of the plan's quota, including the terms that hold from `now`
  // on.
  std::vector<TermsChange> terms_with(const PlanRecord& plan, int64_t now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // Adds a plan that is valid and new, with its document and terms.
  absl::Status add_plan(PlanRecord plan) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // Makes all keys draw on a plan's throttles.
  absl::Status share(PlanRecord& plan) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  // AlreadyExists if the key has a plan other than `plan` for one of `stages`.
  absl::Status check_stages(const KeyRecord& key, const PlanRecord& plan,
                            const std::set<StageName>& stages) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  // Adds a key that is valid and new, with this id and value and the rest from
  // `key`. nullptr, and nothing changed, if the arena is used up.
  KeyRecord* add_key(std::string_view id, std::string_view value,
                     const v1::ApiKey& key, KeyRecord::Dates dates)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // Removes a key and ends its associations.
  void remove_key(KeyRecord& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  // Does what import_api_keys() does; `plan_ids(i)` are the plans of the i-th
  // key.
  using PlanIdsOf = absl::FunctionRef<absl::Span<const std::string>(size_t i)>;
  absl::StatusOr<std::vector<std::string>> import_keys(
      absl::Span<const v1::ApiKey> new_keys, PlanIdsOf plan_ids,
      std::vector<absl::Status>* skipped, ExistingKeys existing)
      ABSL_LOCKS_EXCLUDED(mutex);

  // Changes a key's attributes, all but its id and value.
  absl::StatusOr<v1::ApiKey> update_key(
      std::string_view key_id,
      absl::FunctionRef<absl::Status(v1::ApiKey&)> change)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  // Associates a key with a plan, none of whose stages is in another plan of
  // the key. `subscription` was prepared for this.
  void associate(KeyRecord& key, PlanRecord& plan, int64_t id,
                 Subscription& subscription)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // REQUIRES: they are associated.
  void dissociate(KeyRecord& key, PlanRecord& plan)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  absl::StatusOr<v1::KeyUsage> usage_of(const KeyRecord& key,
                                        const Association& association,
                                        Day first, Day last) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  const std::shared_ptr<Clock> clock;
  const PlanRules rules;
  const bool both_throttles;
  const int days_kept;
  const std::unique_ptr<Arena> arena;
  const std::unique_ptr<CountsFile> counts_file;  // nullptr: not in a file
  Clients clients;
  // The first of the subscriptions that all keys share; stored with release.
  std::atomic<Subscription*> shared{nullptr};
  const std::unique_ptr<Leases> leases;  // nullptr: the option is off

  // What statistics show, as of the last unlock of `mutex`: relaxed.
  struct Sizes {
    std::atomic<size_t> usage_plans{0};
    std::atomic<size_t> api_keys{0};
    std::atomic<size_t> arena_used_bytes{0};
    std::atomic<size_t> arena_retired_bytes{0};
    std::atomic<size_t> leases{0};
    std::atomic<size_t> counts_file_bytes{0};
  };
  void publish_sizes() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  // Whether an import in progress creates or overwrites the key.
  bool is_imported(const KeyRecord& key) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    return importing != nullptr && importing->contains(&key);
  }
  // Whether an import in progress creates the key, so that it is not visible
  // yet.
  bool is_hidden(const KeyRecord& key) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (importing == nullptr) return false;
    const auto found = importing->find(&key);
    return found != importing->end() && found->second == Importing::kNew;
  }

  mutable Sizes sizes;
  mutable CallsInProgress calls;

  // Held by one long change at a time, from beginning to end. Lock it before
  // `mutex`.
  mutable Mutex long_change ABSL_ACQUIRED_BEFORE(mutex);

  mutable Mutex mutex;
  // The keys of the import in progress; owned by the import. nullptr: none.
  enum class Importing { kNew, kOverwritten };
  using ImportedKeys = absl::flat_hash_map<const KeyRecord*, Importing>;
  ImportedKeys* importing ABSL_GUARDED_BY(mutex) = nullptr;
  size_t hidden_keys ABSL_GUARDED_BY(mutex) = 0;
  Registry<PlanRecord> plans ABSL_GUARDED_BY(mutex);
  Registry<KeyRecord> keys ABSL_GUARDED_BY(mutex);
  // The ids of the keys deleted last, with the serials of their clients.
  static constexpr size_t kDeletedKeys = 1024;
  std::deque<std::pair<uint64_t, std::string>> deleted_keys
      ABSL_GUARDED_BY(mutex);
  RandomText ids ABSL_GUARDED_BY(mutex);
  RouteIds routes ABSL_GUARDED_BY(mutex);
  // Ids are never reused, even if the first use failed. No route has id 0.
  uint32_t last_route ABSL_GUARDED_BY(mutex) = 0;
  int shared_plans ABSL_GUARDED_BY(mutex) = 0;
  // Ids are never reused, even if the first use failed.
  int64_t last_association_id ABSL_GUARDED_BY(mutex) = 0;
  size_t association_count ABSL_GUARDED_BY(mutex) = 0;

  // nullptr: everything is in memory only.
  std::shared_ptr<Store> store ABSL_GUARDED_BY(mutex);
  std::unique_ptr<UsageSync> sync;  // nullptr: there is nothing to sync
  Statistics::Counts counts_from = Statistics::Counts::kNew;
};

// Locks `mutex` for a call of the control plane that statistics are to show.
class ABSL_SCOPED_LOCKABLE Enforcer::Impl::ControlLock {
 public:
  // `name` is a constant.
  ControlLock(const Impl& impl, const char* name)
      ABSL_EXCLUSIVE_LOCK_FUNCTION(impl.mutex)
      : impl_(impl), call_(impl.calls, name) {
    acquire();
  }
  ~ControlLock() ABSL_UNLOCK_FUNCTION() { release(); }
  ControlLock(const ControlLock&) = delete;
  ControlLock& operator=(const ControlLock&) = delete;

  // Call before a commit of very many changes, which reports no progress.
  void expect_commit(size_t changes) {
    constexpr int64_t kNanosOfOne = 20'000;  // most of them far less
    call_.made_progress(static_cast<int64_t>(changes) * kNanosOfOne);
  }

  // Releases the mutex for a while.
  void release() ABSL_UNLOCK_FUNCTION() {
    impl_.publish_sizes();
    impl_.mutex.unlock();
  }
  void acquire() ABSL_EXCLUSIVE_LOCK_FUNCTION() {
    impl_.mutex.lock();
    taken_ = std::chrono::steady_clock::now();
  }

  // Call between two pieces of a long call: lets other calls in if the last
  // piece was long enough. Cheap.
  void pause() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    constexpr auto kPiece = std::chrono::milliseconds(1);
    if (std::chrono::steady_clock::now() - taken_ < kPiece) return;
    call_.made_progress();
    impl_.publish_sizes();
    impl_.mutex.let_others_in();
    taken_ = std::chrono::steady_clock::now();
  }

  // For a change to a plan, a key or both (otherwise ""): waits, without the
  // mutex, while a long call is about to change the same.
  void await_turn(std::string_view plan_id,
                  std::string_view key_id) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    await([&] {
      impl_.mutex.assert_held();
      const PlanRecord* const plan = impl_.plans.find(plan_id);
      const KeyRecord* const key = impl_.keys.find(key_id);
      return (plan != nullptr && plan->state != PlanRecord::State::kPresent) ||
             (key != nullptr && impl_.is_imported(*key));
    });
  }
  void await_import() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    await([&] {
      impl_.mutex.assert_held();
      return impl_.importing != nullptr;
    });
  }

 private:
  void await(absl::FunctionRef<bool()> is_busy) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    while (is_busy()) {
      release();
      impl_.long_change.lock();
      impl_.long_change.unlock();
      acquire();
      // The call that it waited for has reported its own progress.
      call_.made_progress();
    }
  }

  const Impl& impl_;
  CallsInProgress::Call call_;
  std::chrono::steady_clock::time_point taken_;
};

// Gets a page of what `list()` returns, which is a StatusOr of a pointer to a
// Registry or a NewestFirst, in pieces of `piece` visits. `visit(thing)`
// returns whether the thing counts.
template <class Lock, class List, class Visit>
absl::StatusOr<std::string> page_in_pieces(Lock& lock, const PageRequest& page,
                                           int piece, List list, Visit visit) {
  constexpr int kMostVisited = 100'000;
  std::string position = page.position;
  int left = page_size(page.limit);
  int visited = 0;
  for (;;) {
    const auto things = list();
    if (!things.ok()) return things.status();
    auto next = (*things)->page(
        position, left,
        [&](const auto& thing) {
          ++visited;
          if (!visit(thing)) return false;
          --left;
          return true;
        },
        piece);
    if (!next.ok() || next->empty() || left == 0 || visited >= kMostVisited) {
      return next;
    }
    position = *std::move(next);
    lock.pause();
  }
}

absl::Status arena_exhausted();

// Check whether a key may have this value, and the rest of `key` but its id.
absl::Status check_api_key_value(std::string_view value);
absl::Status check_api_key(const v1::ApiKey& key);
absl::Status value_is_taken();

// Checks what is required of new tags in addition to any tags.
template <class Tags>
absl::Status check_new_tags(const Tags& tags) {
  for (const auto& [key, value] : tags) {
    if (auto status = check_tag_key(key); !status.ok()) return status;
  }
  return absl::OkStatus();
}

void apply(const TagChanges& changes,
           google::protobuf::Map<std::string, std::string>& tags);

}  // namespace weir

#endif  // WEIR_CONTROL_PLANE_CONTROL_PLANE_H_
