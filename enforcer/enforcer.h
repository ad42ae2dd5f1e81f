#ifndef WEIR_ENFORCER_ENFORCER_H_
#define WEIR_ENFORCER_ENFORCER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "weir/base/clock.h"
#include "weir/enforcer/call.h"
#include "weir/enforcer/client_handle.h"
#include "weir/enforcer/decision.h"
#include "weir/enforcer/options.h"
#include "weir/enforcer/plan_observer.h"
#include "weir/enforcer/requests.h"
#include "weir/enforcer/route.h"
#include "weir/enforcer/statistics.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/patch_operation.pb.h"
#include "weir/proto/usage.pb.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir {

namespace internal {
class ControlPlane;
class DataPlane;
}  // namespace internal

// Enforces usage plans inside a gateway's own process.
//
// The data plane is `admit()`. Everything else is the control plane: it locks,
// allocates, and takes microseconds to milliseconds, but never makes `admit()`
// wait. Longer calls (an import, the deletion of a plan with many keys, a page
// of usage) work in pieces of a few milliseconds, and other calls run between
// the pieces.
//
// Errors: InvalidArgument (BadRequestException), NotFound, AlreadyExists
// (ConflictException), FailedPrecondition (BadRequestException: the current
// state forbids the call), ResourceExhausted (LimitExceededException). If API
// Gateway's own wording is known, the message contains it, and `aws_message()`
// in plan/plan_error.h returns it alone. A failed call changes nothing.
//
// With a store, a change is on disk before it takes effect and before its call
// returns. If the store cannot write it, the call fails with the store's error
// (usually Unavailable) and changes nothing. `admit()` counts directly in files
// that are mapped into memory: however the process ends, no admission that
// `admit()` has returned is lost. After a power failure, everything counted
// before the last sync is kept. Token buckets are not stored: they start full.
// Leased tokens that threads still held are lost to the key. With a store that
// was opened read-only, the enforcer shows the store's contents, even while
// another process continues to use the store, and refuses changes.
//
// After fork(), parent and child each enforce on their own, starting from the
// same counts: memory is copied, not shared. The child may continue to use the
// enforcer, whatever other threads of the parent were doing. With a store, the
// child cannot change plans and keys, and its counts are not stored.
//
// *thread-safe*, except for construction and destruction.
class Enforcer {
 public:
  // Creates an enforcer that starts with the contents of `options.store`. Locks
  // and allocates. With a store it reads the whole store.
  //
  // InvalidArgument for an option out of its range. ResourceExhausted if less
  // than a megabyte of address space is available, or if the arena is too small
  // for the contents of the store. With a store, also the store's errors
  // (usually Unavailable); DataLoss if the store or the count files are damaged
  // or do not belong together (see Options::restore_counts); FailedPrecondition
  // if a later version of Weir wrote the store.
  static absl::StatusOr<std::unique_ptr<Enforcer>> create(Options options = {});
  // REQUIRES: no call is in progress.
  ~Enforcer();
  Enforcer(const Enforcer&) = delete;
  Enforcer& operator=(const Enforcer&) = delete;

  // -- Data plane --

  // Decides one request, and counts it if it is admitted. The request takes
  // from all limits or from none: a refused request consumes nothing. A
  // throttled request is a decision, not an error.
  //
  // A key is never admitted beyond a limit. With n threads inside `admit()` for
  // one key, the key may be refused early by at most the costs of the other n-1
  // calls, for the duration of one call.
  //
  // Does not allocate, lock, block, throw, or make a system call (reading the
  // clock goes through the vDSO). A thread's first call registers the thread,
  // which allocates once.
  Decision admit(const Call& call) noexcept;

  // Decides a batch, as if each call were admitted by itself, in order.
  // Prefetches the memory for later calls, and reads the clock once for all
  // calls without a time. REQUIRES: both spans have the same size.
  void admit(absl::Span<const Call> calls,
             absl::Span<Decision> decisions) noexcept;

  // Returns the client with this key, for `Call::client`, or an empty handle if
  // there is none. Costs as much as the lookup of a call's key.
  ClientHandle resolve(std::string_view api_key) const noexcept;

  // Returns the id of the key that `resolve()` found, for logs. The id does not
  // change while the handle lives, so callers may cache it. Locks and
  // allocates, like the control plane. NotFound if the handle is empty, or if
  // the key was deleted and 1,024 other keys after it.
  absl::StatusOr<std::string> api_key_id(const ClientHandle& client) const;

  // Gives leases to keys on which threads have collided, and revokes unused
  // ones. If `Options::lease_threads` is set, call this every 10 to 100
  // milliseconds, from any thread. Locks, like the control plane; never waits
  // for a request.
  void maintain();

  // -- Routes --

  // Returns the route of a method. `method_key` is "/pets/GET", or "//GET" for
  // the root, in any spelling that a patch accepts; "" means the stage's
  // methods that have no throttle of their own. Equal names give equal routes.
  // Each new name permanently takes one of the enforcer's 65,535 routes, so do
  // not intern names that clients send. Locks and allocates. InvalidArgument
  // for a name that no plan can hold; ResourceExhausted beyond 65,535 routes.
  absl::StatusOr<Route> intern_route(std::string_view api_id,
                                     std::string_view stage,
                                     std::string_view method_key = "");

  using MethodName = weir::MethodName;
  // Interns many routes, in order: all or none. A plan with new ones is
  // compiled only once.
  absl::StatusOr<std::vector<Route>> intern_routes(
      absl::Span<const MethodName> names);

  // -- Usage plans --

  // Generates an id unless the plan has one (1 to 64 characters of
  // [A-Za-z0-9_-]; AlreadyExists if it is taken).
  absl::StatusOr<v1::UsagePlan> create_usage_plan(const v1::UsagePlan& plan);
  absl::StatusOr<v1::UsagePlan> get_usage_plan(std::string_view plan_id) const;
  // With `key_id`, only the plans that the key is associated with.
  absl::StatusOr<Page<v1::UsagePlan>> list_usage_plans(
      const PageRequest& page = {}, std::string_view key_id = "") const;
  absl::StatusOr<v1::UsagePlan> tag_usage_plan(std::string_view plan_id,
                                               const TagChanges& changes);
  // FailedPrecondition while the plan has stages.
  absl::Status delete_usage_plan(std::string_view plan_id);

  // Applies the operations in order, all or none, and returns the resulting
  // plan.
  //
  // For any threads X and Y: if X's `apply_patch()` returned OK, every
  // `admit()` on Y that starts afterwards sees the new plan. An overlapping
  // `admit()` sees the old plan or the new one, never a mixture. What keys owe
  // their buckets and what they have used of their quotas is kept;
  // docs/patch.md describes the effect of each change.
  absl::StatusOr<v1::UsagePlan> apply_patch(
      std::string_view plan_id,
      absl::Span<const v1::PatchOperation> operations);

  // Calls `observer` for every change of a plan's document, until it is removed
  // (see PlanObserver), after calling it once with the plans that exist: those
  // of the store, if nothing has changed since create(). Observers are called
  // in the order in which they were added. Locks throughout, so that with
  // thousands of plans other calls may wait for some time. REQUIRES: the
  // observer was not added before, and is removed before either it or the
  // enforcer is destroyed.
  void add_plan_observer(PlanObserver* observer);
  // Once this has returned, the observer is not called any more. Does nothing
  // if it was not added. Must not be called by an observer.
  void remove_plan_observer(PlanObserver* observer);

  // -- Limits that all keys share --

  // From now on, every request also draws on this plan's throttles, after those
  // of its key's plan, and all requests share the same buckets. A request is
  // admitted only if all limits admit it; otherwise it takes from none. API
  // Gateway applies the throttles of a stage and of the account in the same
  // way, beyond those of a usage plan:
  //   - the throttle of a plan without stages is that of the whole enforcer;
  //   - the throttle of a plan with stages is that of these stages together,
  //     and a method throttle is that of a method (instead of the plan's, or in
  //     addition to it; see Options::method_throttle).
  // Patches to the plan take effect as for any other plan. Its quota is
  // ignored. Buckets start full. ResourceExhausted beyond four plans.
  absl::Status share_usage_plan(std::string_view plan_id);
  // NotFound if the plan is not shared. A shared plan cannot be deleted.
  absl::Status unshare_usage_plan(std::string_view plan_id);

  // -- API keys --

  // Generates an id and a value unless the key has them; the rules for ids are
  // those of plans. The returned key includes the value.
  absl::StatusOr<v1::ApiKey> create_api_key(const v1::ApiKey& key);
  // Creates these keys, and associates them with the plan if one is given: all
  // of them or, on an error, none. Returns their ids in the same order.
  // get_api_key() returns generated values.
  //
  // Other calls run during an import. They see no key of the import until all
  // of it is in the store. Then the keys appear one by one, each with its
  // plans, until the import returns; this holds for `admit()` too. Values and
  // ids are taken before any key appears. Calls that would interfere wait until
  // the import ends: changes to a key that is overwritten, additions of stages
  // to a plan, deletions of a plan, other imports.
  //
  // An error about one key begins with "keys[i]: ". No error contains a value.
  absl::StatusOr<std::vector<std::string>> import_api_keys(
      absl::Span<const v1::ApiKey> keys, std::string_view plan_id = "");
  // The same with separate plans for each key. Also all or none, unless
  // `skipped` is given: then invalid keys are skipped. `skipped` receives a
  // status for each key, OK if the key is valid, and the id of a skipped key is
  // "".
  //
  // With ExistingKeys::kOverwrite, a key whose value already exists replaces
  // the existing key: the name, the description, whether it is enabled and the
  // plans become the new ones. The id, the customer id, the stages, the tags
  // and the usage under plans that the key keeps are preserved. If `keys` holds
  // several keys with the same value, the last valid one takes effect, and the
  // ids of the others are "". In this mode keys must not have ids. Aborted,
  // with nothing changed, if create_api_key() takes one of the values during
  // the import.
  //
  // REQUIRES: `plan_ids` has as many elements as `keys`.
  absl::StatusOr<std::vector<std::string>> import_api_keys(
      absl::Span<const v1::ApiKey> keys,
      absl::Span<const std::vector<std::string>> plan_ids,
      std::vector<absl::Status>* skipped = nullptr,
      ExistingKeys existing = ExistingKeys::kRefuse);
  absl::StatusOr<v1::ApiKey> get_api_key(std::string_view key_id,
                                         bool include_value = false) const;
  absl::StatusOr<Page<v1::ApiKey>> list_api_keys(
      const PageRequest& page = {}, bool include_values = false,
      const ApiKeyFilter& filter = {}) const;
  // Supported operations: replace /name, /description, /enabled, /customerId;
  // add and remove /stages. Values are text. /enabled is true for "true" in any
  // case and false for any other text, and may also be a boolean.
  absl::StatusOr<v1::ApiKey> update_api_key(
      std::string_view key_id, absl::Span<const v1::PatchOperation> operations);
  absl::StatusOr<v1::ApiKey> tag_api_key(std::string_view key_id,
                                         const TagChanges& changes);
  // Also ends the key's associations, and discards its usage.
  absl::Status delete_api_key(std::string_view key_id);

  // -- Which keys a plan applies to --

  // AlreadyExists if the key is associated with this plan, or with another plan
  // for one of its stages.
  absl::StatusOr<v1::UsagePlanKey> create_usage_plan_key(
      std::string_view plan_id, std::string_view key_id);
  absl::StatusOr<v1::UsagePlanKey> get_usage_plan_key(
      std::string_view plan_id, std::string_view key_id) const;
  absl::StatusOr<Page<v1::UsagePlanKey>> list_usage_plan_keys(
      std::string_view plan_id, const PageRequest& page = {},
      std::string_view name_prefix = "") const;
  // Discards the key's usage of the plan.
  absl::Status delete_usage_plan_key(std::string_view plan_id,
                                     std::string_view key_id);

  // -- Usage --

  // Returns daily usage, which is kept for 90 days, or 400 with a store;
  // earlier days read as zero. For future days, the remaining quota is what is
  // left now if they are in the current period, and the full quota if they are
  // in later periods.
  absl::StatusOr<v1::Usage> get_usage(const UsageRequest& request) const;
  // The only operation is replace /remaining: it sets what is left of the
  // current period to the value, up or down, until the period ends. Returns
  // today's usage.
  absl::StatusOr<v1::Usage> update_usage(
      std::string_view plan_id, std::string_view key_id,
      absl::Span<const v1::PatchOperation> operations);

  // -- With a store --

  // Writes all changed counts to the store, and blocks until they are on disk.
  // This also happens in the background, see Options::sync_interval. OK without
  // a store. FailedPrecondition in the child of a fork(), whose counts are its
  // own; the store's error (Unavailable, mostly) if it cannot write: what was
  // not written is written by the next sync.
  absl::Status sync();

  // -- Statistics --

  using Statistics = EnforcerStatistics;
  // Never waits. While the control plane is busy, sizes and counts of objects
  // are those of a moment earlier.
  Statistics statistics() const;

 private:
  Enforcer(std::unique_ptr<internal::DataPlane> data_plane,
           std::unique_ptr<internal::ControlPlane> control_plane);

  const std::unique_ptr<internal::DataPlane> data_plane_;
  const std::unique_ptr<internal::ControlPlane> control_plane_;
};

}  // namespace weir

#endif  // WEIR_ENFORCER_ENFORCER_H_
