// Which of the enforcer's routes a request takes.

#ifndef WEIR_GATEWAY_ROUTE_TABLE_H_
#define WEIR_GATEWAY_ROUTE_TABLE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "enforcer/enforcer.h"
#include "enforcer/mutex.h"
#include "enforcer/route.h"
#include "gateway/stage_target.h"
#include "plan/plan_changes.h"
#include "proto/usage_plan.pb.h"

namespace weir {

// The routes of all plans of an enforcer, while plans come, change and go.
//
// A resource is what some plan names: a stage has the method keys that any plan
// throttles, and a request is for the most specific of them, as MethodMatcher
// finds it (a literal before a parameter, a method before ANY), whichever plan
// that is from. So where one plan throttles "/pets/ANY" and another "/pets/GET"
// of a stage, `GET /pets` is for the second; keys of the first plan have
// its throttle on all other methods, and for this one the plan's own.
//
// Who changes a plan calls `prepare()` before, and `refresh()` after, while
// nobody else changes one:
//
//   status = routes.prepare(wanted);
//   if (status.ok()) status = enforcer.apply_patch(id, operations).status();
//   if (status.ok()) status = routes.refresh(id);
//
// Without a route of its own a method would be under its stage's limits
// instead, unnoticed. So a method for which there is none is closed: no plan
// covers its requests, which are forbidden. With `prepare()` this does not
// happen.
//
// Requests add no routes, so no client can use routes up. Routes are never
// given up: an enforcer has 65,535 for all the names that its plans ever had.
//
// *thread-safe*, but for construction and destruction.
class LiveRoutes {
 public:
  // Without routes: see `load_all()`. REQUIRES: `enforcer` outlives this
  // object.
  explicit LiveRoutes(Enforcer* enforcer);
  ~LiveRoutes();
  LiveRoutes(const LiveRoutes&) = delete;
  LiveRoutes& operator=(const LiveRoutes&) = delete;

  // -- For requests --

  // The route of the method throttle that applies, else the stage's. For stages
  // that no plan has, methods that is_api_method() refuses, and targets that
  // parse_stage_target() refuses, the route that no plan covers.
  //
  // Does not lock. Allocates only for paths with a '%', and once a thread.
  Route find(std::string_view target, std::string_view method) const;
  Route find(const StageTarget& target, std::string_view method) const;
  // The same, and sets `method_key` to that of the method throttle, "" if it is
  // the stage's route or none.
  Route find(const StageTarget& target, std::string_view method,
             std::string& method_key) const;

  // -- For whoever changes plans; these lock --

  // Takes over the plans that there are. An error is the first of those that
  // `refresh()` has; the other plans are taken over all the same.
  absl::Status load_all();

  // Gets the routes that the plan will need once it is as `wanted`, whose id is
  // empty if it is new. Those that a refused change has no use for are taken
  // all the same.
  //
  // ResourceExhausted if there is no room for all routes. InvalidArgument for a
  // malformed method key, or one that differs from another of the stage, maybe
  // another plan's, in the names of parameters alone ("/pets/{id}/GET" and
  // "/pets/{name}/GET"): no request could tell them apart.
  absl::Status prepare(const v1::UsagePlan& wanted);

  // Reads the plan's present state (it may be gone), so that its routes hold
  // for every request from now on, whatever the order in which concurrent
  // callers come. Costs what the plan names, and new tables for those stages
  // alone whose methods are others than before. The errors are `prepare()`'s;
  // what they leave without a route is closed.
  absl::Status refresh(std::string_view plan_id);

 private:
  // API id, stage, and method key; this is "" for the stage itself.
  using Name = std::tuple<std::string, std::string, std::string>;
  struct Use {
    int plans = 0;  // that name it; at least one
    Route route;
  };

  // What requests read: immutable, and replaced by a pointer store. A shard has
  // the stages whose names have its hash, so a change copies few.
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

  // The routes of these names, all that there is room for; the others are those
  // that no plan covers.
  absl::Status intern(const std::vector<Name>& names,
                      std::vector<Route>& routes);
  // What `visit` is called with: the method keys of the stage, and their uses.
  void for_each_method(
      const StageName& stage,
      absl::FunctionRef<void(const std::string&, const Use&)> visit) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status check_methods(const StageName& stage,
                             const std::set<Name>& wanted,
                             const std::set<Name>& present) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What changes by updates, to be published after the last one.
  struct Changes {
    std::vector<Name> new_names;  // without a route yet
    std::set<StageName> stages;   // with other methods than before
  };
  // The plan names these now.
  void update(const std::string& plan_id, std::set<Name> names,
              Changes& changes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status publish(const Changes& changes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status publish(const StageName& stage)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Frees the shard once no request can be reading it.
  void retire(std::unique_ptr<const Shard> shard)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Enforcer& enforcer_;
  Mutex mutex_;
  std::map<Name, Use> uses_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::set<Name>, std::less<>> plans_
      ABSL_GUARDED_BY(mutex_);
  // With the epoch in which readers may have come upon them last.
  std::vector<std::pair<uint64_t, std::unique_ptr<const Shard>>> retired_
      ABSL_GUARDED_BY(mutex_);
  std::array<std::atomic<const Shard*>, kShards> shards_{};
};

}  // namespace weir

#endif  // WEIR_GATEWAY_ROUTE_TABLE_H_
