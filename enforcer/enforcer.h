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
#include "enforcer/client_handle.h"
#include "enforcer/clock.h"
#include "enforcer/decision.h"
#include "enforcer/options.h"
#include "enforcer/route.h"
#include "proto/api_key.pb.h"
#include "proto/patch_operation.pb.h"
#include "proto/usage.pb.h"
#include "proto/usage_plan.pb.h"

namespace weir {

// What import_api_keys() does with a key whose value another one has.
enum class ExistingKeys {
  kRefuse,     // AlreadyExists
  kOverwrite,  // the new key takes the other one's place
};

// One request.
struct Call {
  // What the client sent, whole. Compared in full; never stored or logged.
  std::string_view api_key = {};
  Route route = {};
  // Tokens and quota that the request takes; 0 asks without taking.
  uint32_t cost = 1;
  // From a caller that has read the time already, by the clock of the
  // enforcer's options (or, with the system's, CLOCK_MONOTONIC and
  // CLOCK_REALTIME).
  std::optional<Instant> now = std::nullopt;
  // From `resolve()`: then `api_key` is not looked at.
  ClientHandle client = {};
};

// One page of a list, in the order of creation with the newest first.
template <class T>
struct Page {
  std::vector<T> items;
  std::string position;  // where the next page begins; "" at the end
};

// Which page to give: `position` as the page before returned it ("": the
// first); `limit` items at most: up to 500, and 25 if it is 0 or less. A page
// of which little meets a filter's conditions may end early, even be empty:
// "position" says whether there is more.
struct PageRequest {
  std::string position;
  int limit = 0;
};

// Which API keys a list is of: those that meet every condition that is not "".
struct ApiKeyFilter {
  std::string name_prefix;
  std::string customer_id;
};

// What is done to tags: some are set, then others removed, if they are there.
struct TagChanges {
  std::map<std::string, std::string> set;
  std::vector<std::string> remove;
};

struct UsageRequest {
  std::string usage_plan_id;
  std::string start_date;  // yyyy-mm-dd, UTC, inclusive
  std::string end_date;    // the same; at most 89 days later, 399 with a store
  std::string key_id;      // "": all keys of the plan
  PageRequest page;        // counts keys; without `key_id` only
};

// Enforces usage plans inside a gateway's own process.
//
// The data plane is `admit()`. Everything else is the control plane: it locks,
// allocates, and takes microseconds to milliseconds; it never makes `admit()`
// wait. Calls that take longer (an import, a plan with many keys that is
// deleted, a page of usage) do their work in pieces of some milliseconds, and
// let others in between.
//
// Errors: InvalidArgument (BadRequestException), NotFound, AlreadyExists
// (ConflictException), FailedPrecondition (BadRequestException: the state of
// things forbids it), ResourceExhausted (LimitExceededException). Where API
// Gateway's own wording is known, the message contains it, and `aws_message()`
// in plan/plan_error.h returns it alone. A call that failed has changed
// nothing.
//
// With a store, a change is on disk before it takes effect and before its call
// returns; one that the store cannot write fails with the store's error
// (Unavailable, mostly), and nothing has changed. What `admit()` counts is in
// files that are mapped into memory, at once: however the process ends, no
// admission is lost that `admit()` has returned. Should the machine lose its
// power, all is there that was counted before the last sync. Token buckets are
// not kept: they begin full. With leases, what threads held is lost to the key.
// A store that was opened to be read gives an enforcer that shows what is in
// it, also while another process goes on with it, and refuses changes.
//
// After fork(), parent and child each enforce for themselves, from the counts
// that there were: memory is copied, not shared. The child may go on with the
// enforcer whatever other threads of the parent were doing; with a store, it
// cannot change plans and keys, and what it counts is not kept.
//
// *thread-safe*, but for construction and destruction.
class Enforcer {
 public:
  // Makes an enforcer that begins with what the store of the options holds.
  // Locks and allocates; with a store it reads all of it.
  //
  // InvalidArgument for an option out of its range. ResourceExhausted if less
  // than a megabyte of address space is to be had, or if the arena is too small
  // for what the store holds. With a store, also its own errors (Unavailable,
  // mostly); DataLoss if the store or the files of counts are damaged, or do
  // not belong together (see Options::restore_counts); FailedPrecondition if
  // the store is of a later version of Weir.
  static absl::StatusOr<std::unique_ptr<Enforcer>> create(Options options = {});
  // REQUIRES: no call is in progress.
  ~Enforcer();
  Enforcer(const Enforcer&) = delete;
  Enforcer& operator=(const Enforcer&) = delete;

  // -- Data plane --

  // Decides one request, and counts it if it is admitted. All limits or none: a
  // refused request consumes nothing. A throttled request is a decision, not an
  // error.
  //
  // A key is never admitted beyond a limit. With n threads inside `admit()` for
  // one key, it may be refused early by at most the costs of the other n-1
  // calls, for the length of one call.
  //
  // Does not allocate, lock, block, throw, or make a system call (reading the
  // system's clock through the vDSO aside). A thread's first call registers the
  // thread, which allocates once.
  Decision admit(const Call& call) noexcept;

  // Decides a batch: as if each call were admitted by itself, in order, but the
  // memory of the next ones is fetched meanwhile, and the clock is read once
  // for all that bring no time. REQUIRES: the spans are of one size.
  void admit(absl::Span<const Call> calls,
             absl::Span<Decision> decisions) noexcept;

  // The client with this key, for `Call::client`; one that names nobody if
  // there is none. As cheap as looking up a call's key.
  ClientHandle resolve(std::string_view api_key) const noexcept;

  // The id of the key that `resolve()` found, for logs. It does not change
  // while the handle lives, so callers may keep it. Locks and allocates, as the
  // control plane does. NotFound if the handle names nobody, or the key was
  // deleted and 1,024 others after it.
  absl::StatusOr<std::string> api_key_id(const ClientHandle& client) const;

  // Gives leases to keys for which threads have collided, and takes them from
  // those that are used no more: where `Options::lease_threads` is set, to be
  // called every 10 to 100 milliseconds, by any thread. Locks, as the control
  // plane does; never waits for a request.
  void maintain();

  // -- Routes --

  // The route of a method: `method_key` is "/pets/GET", "//GET" for the root,
  // in any spelling that a patch may use; "" stands for the stage's methods
  // that have no throttle of their own. The same names give the same route. New
  // names take one of the enforcer's 65,535 routes for as long as it lives, so
  // do not intern what clients send. Locks and allocates. InvalidArgument for a
  // name that no plan can hold; ResourceExhausted beyond 65,535 routes.
  absl::StatusOr<Route> intern_route(std::string_view api_id,
                                     std::string_view stage,
                                     std::string_view method_key = "");

  struct MethodName {
    std::string api_id;
    std::string stage;
    std::string method_key;
  };
  // The same for many at once, in their order: all or none. A plan that has
  // new ones is compiled once.
  absl::StatusOr<std::vector<Route>> intern_routes(
      absl::Span<const MethodName> names);

  // -- Usage plans --

  // Gives the plan an id, unless it brings one of its own (1 to 64 of
  // [A-Za-z0-9_-]; AlreadyExists if that is taken).
  absl::StatusOr<v1::UsagePlan> create_usage_plan(const v1::UsagePlan& plan);
  absl::StatusOr<v1::UsagePlan> get_usage_plan(std::string_view plan_id) const;
  // With `key_id`, only the plans that the key is associated with.
  absl::StatusOr<Page<v1::UsagePlan>> list_usage_plans(
      const PageRequest& page = {}, std::string_view key_id = "") const;
  absl::StatusOr<v1::UsagePlan> tag_usage_plan(std::string_view plan_id,
                                               const TagChanges& changes);
  // FailedPrecondition while the plan has stages.
  absl::Status delete_usage_plan(std::string_view plan_id);

  // Applies the operations in their order, all or none, and returns the plan as
  // it is then.
  //
  // For any threads X and Y: if X's `apply_patch()` returned OK, every
  // `admit()` on Y that starts after sees the new plan. One that overlaps sees
  // the old plan or the new one, never a mixture. What keys owe their buckets
  // and what they have used of their quotas is kept; see docs/patch.md for what
  // each change does.
  absl::StatusOr<v1::UsagePlan> apply_patch(
      std::string_view plan_id,
      absl::Span<const v1::PatchOperation> operations);

  // -- Limits that all keys share --

  // From now on every request draws on this plan's throttles as well, after
  // those of its key's plan, and all requests from the same buckets: all limits
  // must admit, or none is taken from. As API Gateway applies a stage's
  // throttles and the account's beyond a usage plan's own:
  //   - a plan without stages: its throttle is that of the whole enforcer;
  //   - a plan with stages: its throttle is that of these stages together, and
  //     a method throttle that of a method (in its place, or beside it; see
  //     Options::method_throttle).
  // Patches to the plan hold as for any other. Its quota is not looked at.
  // Buckets begin full. ResourceExhausted beyond four plans.
  absl::Status share_usage_plan(std::string_view plan_id);
  // NotFound if it is not shared. A shared plan cannot be deleted.
  absl::Status unshare_usage_plan(std::string_view plan_id);

  // -- API keys --

  // Gives the key an id (unless it brings one, as with plans) and, unless it
  // brings one, a value. The returned key holds the value.
  absl::StatusOr<v1::ApiKey> create_api_key(const v1::ApiKey& key);
  // Creates these keys, and associates them with the plan if one is given: all
  // of them or, if that fails, none. Returns their ids in the same order. A
  // value that was generated is what get_api_key() shows.
  //
  // Other calls go on meanwhile. They find no key of an import before all of it
  // is in the store; then one key after another appears, each with its plans,
  // until the import returns. `admit()` sees the same. Values and ids are taken
  // from the beginning. What would get in its way waits for its end: changes to
  // a key that is overwritten, stages that are added to a plan, a plan that is
  // deleted, another import.
  //
  // Errors begin with "keys[i]: ", where that key is what is wrong; no error
  // repeats a value.
  absl::StatusOr<std::vector<std::string>> import_api_keys(
      absl::Span<const v1::ApiKey> keys, std::string_view plan_id = "");
  // The same with plans of its own for each key; all of them or none as well,
  // unless there is `skipped`: then keys that something is wrong with are left
  // out. `skipped` gets a status for each key, OK if nothing was wrong with it,
  // and the id of one that was left out is "".
  //
  // With ExistingKeys::kOverwrite, a key whose value another one has takes that
  // one's place: the name, the description, whether it is enabled and the plans
  // become the new ones. The id, the customer id, the stages and the tags stay,
  // and so does what was used under plans that the key keeps. Of several keys
  // of one value in `keys`, the last that nothing is wrong with counts; the ids
  // of the others are "". Keys may bring no ids then. Aborted, and nothing
  // changed, if create_api_key() takes one of the values meanwhile.
  //
  // REQUIRES: `plan_ids` is as long as `keys`.
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
  // Operations: replace /name, /description, /enabled, /customerId; add and
  // remove /stages. Values are text; /enabled is true for "true" in any case
  // and false for all else, and may be a boolean.
  absl::StatusOr<v1::ApiKey> update_api_key(
      std::string_view key_id, absl::Span<const v1::PatchOperation> operations);
  absl::StatusOr<v1::ApiKey> tag_api_key(std::string_view key_id,
                                         const TagChanges& changes);
  // Ends the key's associations as well, and forgets its usage.
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
  // Forgets what the key has used of the plan.
  absl::Status delete_usage_plan_key(std::string_view plan_id,
                                     std::string_view key_id);

  // -- Usage --

  // Daily usage, kept for 90 days, or 400 with a store; what came before reads
  // as zero. Days to come show what is left now of the present period, and of
  // later ones all.
  absl::StatusOr<v1::Usage> get_usage(const UsageRequest& request) const;
  // The one operation is replace /remaining: what is left of the present period
  // is set to the value, up or down, until the period ends. Returns today's
  // usage.
  absl::StatusOr<v1::Usage> update_usage(
      std::string_view plan_id, std::string_view key_id,
      absl::Span<const v1::PatchOperation> operations);

  // -- With a store --

  // Writes all counts that have changed to the store. By itself this happens in
  // the background, see Options::sync_interval. OK without a store.
  absl::Status sync();

  // -- Statistics --

  struct Statistics {
    // Where counts were taken from when the enforcer was made.
    enum class Counts {
      kNew,     // there were none, or there is no store
      kExact,   // from their files
      kSynced,  // from the last sync: power was lost, or files were damaged
    };
    size_t usage_plans;
    size_t api_keys;
    size_t arena_used_bytes;
    // Of these, what waits for readers to leave before it is used again.
    size_t arena_retired_bytes;
    size_t arena_reserved_bytes;
    // Threads of the process, of whatever enforcer, that have called `admit()`
    // and not exited; and of those how many stand inside it for so long that
    // retired memory cannot be used again, and since when they do. They make
    // nobody wait.
    size_t threads;
    size_t stalled_threads;
    int64_t stalled_ns;
    // Days of single keys that are missing from the history because the arena
    // was used up. Counting itself is never affected.
    int64_t days_not_recorded;
    size_t leases;  // keys of which threads hold tokens
    Counts counts_from;
    size_t counts_file_bytes;  // on disk, with a store
    // When the last sync began that was completed, and how many have failed.
    int64_t synced_unix_ns;
    int64_t sync_failures;
    // The same by the clock's monotonic time; 0: none was completed by this
    // enforcer.
    int64_t synced_monotonic_ns;
    // The call of the control plane that has made no progress for the longest
    // time, since it began or between two pieces of its work, and how long that
    // is: "" if none is in progress.
    const char* stalled_call;
    int64_t stalled_call_ns;
  };
  // Never waits: while the control plane is busy, sizes and counts of things
  // are those of a moment before.
  Statistics statistics() const;

 private:
  struct Impl;
  explicit Enforcer(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace weir

#endif  // WEIR_ENFORCER_ENFORCER_H_
