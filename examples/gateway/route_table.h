// Which of the enforcer's routes a request takes.

#ifndef WEIR_EXAMPLES_GATEWAY_ROUTE_TABLE_H_
#define WEIR_EXAMPLES_GATEWAY_ROUTE_TABLE_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "enforcer/enforcer.h"
#include "enforcer/mutex.h"
#include "enforcer/route.h"
#include "plan/method_matcher.h"
#include "proto/patch_operation.pb.h"
#include "proto/usage_plan.pb.h"

namespace weir {

// The routes of one version of a plan: those of its stages and of its method
// throttles. Requests add none, so no client can use routes up. *thread-safe*
class RouteTable {
 public:
  // ResourceExhausted if the enforcer has no room for all routes.
  static absl::StatusOr<RouteTable> create(Enforcer& enforcer,
                                           const v1::UsagePlan& plan);

  // The route of `/{apiId}/{stage}/...`: that of the method throttle that
  // applies, else the stage's. For any other target, and for stages that the
  // plan does not have, the route that no plan covers.
  Route find(std::string_view target, std::string_view method) const;

 private:
  struct Stage {
    MethodMatcher methods;
    std::map<std::string, Route, std::less<>> routes;  // "" is the stage's own
  };
  std::map<std::string, Stage, std::less<>> stages_;  // by "apiId/stage"
};

// The routes of a plan that is patched while requests are served.
// *thread-safe*
class LiveRoutes {
 public:
  // REQUIRES: `enforcer` outlives this object.
  LiveRoutes(Enforcer* enforcer, RouteTable table)
      : enforcer_(*enforcer),
        table_(std::make_shared<const RouteTable>(std::move(table))) {}

  Route find(std::string_view target, std::string_view method) const {
    return std::atomic_load(&table_)->find(target, method);
  }

  // `Enforcer::apply_patch()`, and the routes of what the plan became. All or
  // nothing.
  absl::StatusOr<v1::UsagePlan> apply_patch(
      std::string_view plan_id,
      absl::Span<const v1::PatchOperation> operations);

 private:
  Enforcer& enforcer_;
  Mutex patching_;  // so that tables are published in the order of the patches
  std::shared_ptr<const RouteTable> table_;  // by std::atomic_load and _store
};

}  // namespace weir

#endif  // WEIR_EXAMPLES_GATEWAY_ROUTE_TABLE_H_
