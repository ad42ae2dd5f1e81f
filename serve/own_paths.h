// The paths that the gateway cannot use while it shares the service's address.

#ifndef WEIR_SERVE_OWN_PATHS_H_
#define WEIR_SERVE_OWN_PATHS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "weir/enforcer/enforcer.h"
#include "weir/enforcer/plan_observer.h"
#include "weir/plan/plan_changes.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir {

// Whether the service itself answers requests for `target`, which is as sent:
// management (see Management::serves()), health, metrics, and the page.
bool is_own_path(std::string_view target);

// Refuses, while it exists, all changes of an enforcer's plans that add a stage
// which no request could reach, because its path is the service's own:
// InvalidArgument. Existing plans may have such stages.
class OwnPathsGuard final : private PlanObserver {
 public:
  // REQUIRES: `enforcer` outlives this object.
  explicit OwnPathsGuard(Enforcer* enforcer);
  ~OwnPathsGuard() override;
  OwnPathsGuard(const OwnPathsGuard&) = delete;
  OwnPathsGuard& operator=(const OwnPathsGuard&) = delete;

 private:
  absl::Status check_change(const v1::UsagePlan& wanted,
                            const PlanChanges& changes,
                            InternRoutes intern_routes) override;

  Enforcer& enforcer_;
};

// The stages of an enforcer's plans that no request can reach, each as a
// human-readable line.
std::vector<std::string> unreachable_stages(const Enforcer& enforcer);

}  // namespace weir

#endif  // WEIR_SERVE_OWN_PATHS_H_
