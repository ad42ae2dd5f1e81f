// The patch, in API Gateway's dialect, from one usage plan to another.

#ifndef WEIR_PLAN_PLAN_DIFF_H_
#define WEIR_PLAN_PLAN_DIFF_H_

#include <vector>

#include "absl/status/statusor.h"
#include "proto/patch_operation.pb.h"
#include "proto/usage_plan.pb.h"

namespace weir {

// Operations for which patch_usage_plan(before, operations) is `after`, if both
// plans are valid; none if they are equal. Only what differs is touched: a new
// rate is one operation.
//
// Every value is a string, as the clients of API Gateway send it, and methods
// are spelled as Terraform spells them. A stage of which many methods change is
// given its map of throttles as a whole, so that no patch is longer than
// kMaxPlanPatchOperations. Stages come out in the order of `after`; since new
// ones go to the end, one that changes its place is removed and added again.
//
// InvalidArgument, with the member's path, if the plans differ in what no patch
// can change: /id and /tags, and a /name can be replaced but not taken away.
absl::StatusOr<std::vector<v1::PatchOperation>> diff_usage_plans(
    const v1::UsagePlan& before, const v1::UsagePlan& after);

}  // namespace weir

#endif  // WEIR_PLAN_PLAN_DIFF_H_
