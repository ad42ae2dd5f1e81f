// Maps requests to the enforcer's routes.

#ifndef WEIR_GATEWAY_LIVE_ROUTES_H_
#define WEIR_GATEWAY_LIVE_ROUTES_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/base/mutex.h"
#include "weir/enforcer/enforcer.h"
#include "weir/enforcer/route.h"
#include "weir/gateway/stage_target.h"
#include "weir/memory/retire_list.h"
#include "weir/plan/plan_changes.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir {

// The routes of all plans of an enforcer, kept current while plans are created,
// changed and deleted.
//
// A stage has the method keys that any plan throttles. A request takes the most
// specific of them, as MethodMatcher finds it (a literal before a parameter, a
// method before ANY), whichever plan it is from. So where one plan throttles
// "/pets/ANY" of a stage and another one "/pets/GET", `GET /pets` takes the
// second; for keys of the first plan, its method throttle applies to all other
// methods, and the plan's own throttle to this one.
//
// To change a plan, call `prepare()` before and `refresh()` after the change,
// while no other thread changes a plan:
//
//   status = routes.prepare(wanted);
//   if (status.ok()) status = enforcer.apply_patch(id, operations).status();
//   if (status.ok()) status = routes.refresh(id);
//
// Without a route of its own, a method would silently be under its stage's
// limits instead. So a method that could get no route is closed: no plan covers
// its requests, which are forbidden. With `prepare()` this does not happen.
//
// Requests add no routes, so clients cannot exhaust them. Routes are never
// released: an enforcer has 65,535 for all the names that its plans ever had.
//
// *thread-safe*, except construction and destruction.
class LiveRoutes {
 public:
  // Has no routes before `load_all()`. REQUIRES: `enforcer` outlives this
  // object.
  explicit LiveRoutes(Enforcer* enforcer);
  ~LiveRoutes();
  LiveRoutes(const LiveRoutes&) = delete;
  LiveRoutes& operator=(const LiveRoutes&) = delete;

  // -- For requests --

  // The route of the method throttle that applies, or else the stage's. For a
  // stage that no plan has, a method that is_api_method() refuses, or a target
  // that parse_stage_target() refuses, the route that no plan covers.
  //
  // Does not lock. Allocates only for paths with a '%', and once per thread.
  Route find(std::string_view target, std::string_view method) const;
  Route find(const StageTarget& target, std::string_view method) const;
  // The same, and sets `method_key` to the key of the method throttle, "" if
  // the result is the stage's route or none.
  Route find(const StageTarget& target, std::string_view method,
             std::string& method_key) const;

  // -- For changes of plans; these lock --

  // Loads the existing plans. Returns the first error of those that `refresh()`
  // has; the other plans are loaded nevertheless.
  absl::Status load_all();

  // Interns the routes that the plan will need once it is as `wanted`, whose id
  // is empty for a new plan. The routes remain interned if the change is
  // refused later.
  //
  // ResourceExhausted if there is no room for all routes. InvalidArgument for a
  // malformed method key, or one that differs from another key of the stage
  // (maybe another plan's) only in the names of parameters ("/pets/{id}/GET"
  // and "/pets/{name}/GET"): no request could tell them apart.
  absl::Status prepare(const v1::UsagePlan& wanted);

  // Reads the plan's current state (it may be deleted), so that its routes
  // apply to every later request, in whatever order concurrent callers run. The
  // cost is proportional to what the plan names; only stages whose methods
  // changed get new tables. The errors are those of `prepare()`; methods left
  // without a route are closed.
  absl::Status refresh(std::string_view plan_id);

 private:
  // API id, stage, and method key, which is "" for the stage itself.
  using Name = std::tuple<std::string, std::string, std::string>;
  struct Use {
    int plans = 0;  // number of plans that name it; at least one
    Route route;
  };

  // What requests read: immutable, and replaced by a pointer store. A shard has
  // the stages whose names hash to it, so a change copies few.
  struct Stage;
  struct Shard {
    std::vector<std::shared_ptr<const Stage>> stages;
  };
  static constexpr size_t kShards = 1024;

  // Calls `visit` with the method key and the route, if there is one.
  template <class Visit>
  void match(const StageTarget& target, std::string_view method,
             Visit visit) const;
  static size_t shard_of(std::string_view stage);
  static absl::StatusOr<std::set<Name>> names_of(const v1::UsagePlan& plan);

  // Sets `routes` to the routes of these names. Names for which there is no
  // room get the route that no plan covers.
  absl::Status intern(const std::vector<Name>& names,
                      std::vector<Route>& routes);
  // Calls `visit` with each method key of the stage and its use.
  void for_each_method(
      const StageName& stage,
      absl::FunctionRef<void(const std::string&, const Use&)> visit) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status check_methods(const StageName& stage,
                             const std::set<Name>& wanted,
                             const std::set<Name>& present) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The changes of one or more updates, to be published together.
  struct Changes {
    std::vector<Name> new_names;  // without a route yet
    std::set<StageName> stages;   // whose methods changed
  };
  // Records that the plan now names `names`.
  void update(const std::string& plan_id, std::set<Name> names,
              Changes& changes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status publish(const Changes& changes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status publish(const StageName& stage)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Enforcer& enforcer_;
  Mutex mutex_;
  std::map<Name, Use> uses_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::set<Name>, std::less<>> plans_
      ABSL_GUARDED_BY(mutex_);
  // What requests may still be reading.
  RetireList<std::unique_ptr<const Shard>> retired_ ABSL_GUARDED_BY(mutex_);
  std::array<std::atomic<const Shard*>, kShards> shards_{};
};

}  // namespace weir

#endif  // WEIR_GATEWAY_LIVE_ROUTES_H_
