// The paths that the gateway cannot use while it shares the service's address.

#ifndef WEIR_SERVE_OWN_PATHS_H_
#define WEIR_SERVE_OWN_PATHS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "weir/enforcer/enforcer.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir {

// Whether the service itself answers requests for `target`, which is as sent:
// management (see Management::serves()), health, metrics, and the page.
bool is_own_path(std::string_view target);

// InvalidArgument if `wanted` has a stage that `present` does not have and that
// no request could reach, because its path is the service's own.
absl::Status check_reachable(const v1::UsagePlan& wanted,
                             const v1::UsagePlan& present);

// The stages of an enforcer's plans that no request can reach, each as a
// human-readable line.
std::vector<std::string> unreachable_stages(const Enforcer& enforcer);

}  // namespace weir

#endif  // WEIR_SERVE_OWN_PATHS_H_
