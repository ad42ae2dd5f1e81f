// The patch, in API Gateway's dialect, from one usage plan to another.

#ifndef WEIR_PLAN_PLAN_DIFF_H_
#define WEIR_PLAN_PLAN_DIFF_H_

#include <vector>

#include "absl/status/statusor.h"
#include "weir/proto/patch_operation.pb.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir {

// Returns operations for which patch_usage_plan(before, operations) is `after`,
// if both plans are valid; none if they are equal. Touches only what differs: a
// new rate is one operation.
//
// Every value is a string, as the clients of API Gateway send it, and methods
// are spelled as Terraform spells them. If many methods of a stage change, its
// map of throttles is replaced as a whole, so that no patch is longer than
// kMaxPlanPatchOperations. Stages end up in the order of `after`. Since new
// stages go to the end, a stage that changes its position is removed and added
// again.
//
// InvalidArgument, with the member's path, if no patch can make the change: to
// /id or /tags, or the removal of /name, which can only be replaced.
absl::StatusOr<std::vector<v1::PatchOperation>> diff_usage_plans(
    const v1::UsagePlan& before, const v1::UsagePlan& after);

}  // namespace weir

#endif  // WEIR_PLAN_PLAN_DIFF_H_
