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

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "weir/enforcer/enforcer.h"
#include "weir/enforcer/plan_observer.h"
#include "weir/enforcer/route.h"
#include "weir/gateway/stage_target.h"
#include "weir/memory/retire_list.h"
#include "weir/plan/plan_changes.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir {

// The routes of all plans of an enforcer. Follows every change of a plan: once
// the call that changed it has returned, requests take the new routes.
//
// A stage has the method keys that any plan throttles. A request takes the most
// specific of them, as MethodMatcher finds it (a literal before a parameter, a
// method before ANY), whichever plan it is from. So where one plan throttles
// "/pets/ANY" of a stage and another one "/pets/GET", `GET /pets` takes the
// second; for keys of the first plan, its method throttle applies to all other
// methods, and the plan's own throttle to this one.
//
// Without a route of its own, a method would silently be under its stage's
// limits instead. So a change for which there are no routes is refused; the
// enforcer's call returns the error:
//   ResourceExhausted  there is no room for all routes
//   InvalidArgument    a new method key differs from another key of the stage
//                      (maybe another plan's) only in the names of parameters
//                      ("/pets/{id}/GET" and "/pets/{name}/GET"): no request
//                      could tell them apart
// Methods of existing plans that could get no route are closed: no plan covers
// their requests, which are forbidden.
//
// Requests add no routes, so clients cannot exhaust them. Routes are never
// released: an enforcer has 65,535 for all the names that its plans ever had.
//
// *thread-safe*, except construction and destruction.
class LiveRoutes final : private PlanObserver {
 public:
  // Has no routes before `follow()`. REQUIRES: `enforcer` outlives this object.
  explicit LiveRoutes(Enforcer* enforcer);
  ~LiveRoutes() override;
  LiveRoutes(const LiveRoutes&) = delete;
  LiveRoutes& operator=(const LiveRoutes&) = delete;

  // Loads the existing plans, and follows all changes from then on. Locks, as
  // Enforcer::add_plan_observer() does. An error, one of the above, means that
  // methods of existing plans are closed. REQUIRES: called once.
  absl::Status follow();

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

  // The enforcer calls these one at a time. All that is not for requests
  // happens within them. Their costs are proportional to the stages that
  // changed; only stages whose methods changed get new tables.
  void observe_existing(absl::Span<const v1::UsagePlan* const> plans,
                        InternRoutes intern_routes) override;
  // Interns the routes that the plan will need. They remain interned if the
  // change is refused later.
  absl::Status check_change(const v1::UsagePlan& wanted,
                            const PlanChanges& changes,
                            InternRoutes intern_routes) override;
  void observe_change(const v1::UsagePlan& plan, const PlanChanges& changes,
                      InternRoutes intern_routes) override;

  // What a plan names, and what it named when it was observed last, in `stages`
  // only.
  static std::set<Name> names_of(const v1::UsagePlan& plan,
                                 const std::set<StageName>& stages);
  std::set<Name> names_before(const std::string& plan_id,
                              const std::set<StageName>& stages) const;
  template <class Visit>
  static void for_each_of_stage(const std::set<Name>& names,
                                const StageName& stage, Visit visit);
  // Sets `routes` to the routes of these names. Names for which there is no
  // room get the route that no plan covers.
  static absl::Status intern_or_close(const std::vector<Name>& names,
                                      InternRoutes intern_routes,
                                      std::vector<Route>& routes);
  // Calls `visit` with each method key of the stage and its use.
  void for_each_method(
      const StageName& stage,
      absl::FunctionRef<void(const std::string&, const Use&)> visit) const;
  absl::Status check_methods(const StageName& stage,
                             const std::set<Name>& wanted,
                             const std::set<Name>& present) const;
  // The changes of one or more updates, to be published together.
  struct Updates {
    std::vector<Name> new_names;  // without a route yet
    std::set<StageName> stages;   // whose methods changed
  };
  // Records what the plan names in the stages that changed.
  void update(const v1::UsagePlan& plan, const PlanChanges& changes,
              Updates& updates);
  absl::Status publish(const Updates& updates, InternRoutes intern_routes);
  absl::Status publish(const StageName& stage);

  Enforcer& enforcer_;
  absl::Status status_of_existing_;
  std::map<Name, Use> uses_;
  std::map<std::string, std::set<Name>> plans_;
  // What requests may still be reading.
  internal::RetireList<std::unique_ptr<const Shard>> retired_;
  std::array<std::atomic<const Shard*>, kShards> shards_{};
};

}  // namespace weir

#endif  // WEIR_GATEWAY_LIVE_ROUTES_H_
