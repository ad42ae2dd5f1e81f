// Which paths the gateway cannot have while it shares the service's address.

#ifndef WEIR_SERVE_OWN_PATHS_H_
#define WEIR_SERVE_OWN_PATHS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "enforcer/enforcer.h"
#include "proto/usage_plan.pb.h"

namespace weir {

// Whether the service itself answers requests for `target`, as it was sent:
// management (see Management::serves()), health, numbers, and the page.
bool is_own_path(std::string_view target);

// InvalidArgument if no request could reach a stage of `wanted` that `present`
// does not have, for its path is the service's own.
absl::Status check_reachable(const v1::UsagePlan& wanted,
                             const v1::UsagePlan& present);

// The stages of an enforcer's plans that no request can reach, each as a line
// for people.
std::vector<std::string> unreachable_stages(const Enforcer& enforcer);

}  // namespace weir

#endif  // WEIR_SERVE_OWN_PATHS_H_
