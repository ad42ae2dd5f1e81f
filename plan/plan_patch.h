// The patches of API Gateway's UpdateUsagePlan.

#ifndef WEIR_PLAN_PLAN_PATCH_H_
#define WEIR_PLAN_PLAN_PATCH_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "weir/base/status_macros.h"
#include "weir/patch/json_patch.h"
#include "weir/plan/plan_changes.h"
#include "weir/plan/validation.h"
#include "weir/proto/patch_operation.pb.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir {

// The most operations that one patch may have.
inline constexpr int kMaxPlanPatchOperations = 10000;

// A transaction that patches a usage plan in place, to be committed or rolled
// back.
//
//   PlanPatch patch(&plan);
//   WEIR_RETURN_IF_ERROR(patch.apply(operations));
//   if (!is_acceptable(plan, patch.changes())) return refused();
//   patch.commit();
//
// Takes time in proportion to what the operations touch, not to the plan. Until
// the end, `*plan` may be read only through const references.
//
// This class is *thread-compatible*.
class PlanPatch {
 public:
  // REQUIRES: `*plan` outlives the patch.
  explicit PlanPatch(v1::UsagePlan* plan);

  // Applies `operations` in order, without checking that the resulting plan is
  // valid. On error the plan is unchanged. See patch_usage_plan().
  // REQUIRES: called once.
  absl::Status apply(absl::Span<const v1::PatchOperation> operations);

  // What the operations touched.
  const PlanChanges& changes() const { return changes_; }

  // Keeps the changes. Without this, the destructor rolls them back.
  void commit() { transaction_.commit(); }

 private:
  absl::Status apply_all(absl::Span<const v1::PatchOperation> operations);
  absl::Status apply(const v1::PatchOperation& operation);

  const v1::UsagePlan& plan_;
  patch::JsonPatchTransaction transaction_;
  PlanChanges changes_;
};

// Whether an error means that a patch is beyond a limit of patches. Such an
// error is ResourceExhausted, as are others of an enforcer, but the same patch
// never succeeds later.
bool exceeds_patch_limit(const absl::Status& status);

// Returns `plan` after `operations`, applied in order. All or nothing: each
// operation must succeed, and the resulting plan (not the intermediate ones)
// must be valid.
//
//   path                                       operations
//   /name, /description                        replace
//   /productCode                               add, replace, remove
//   /apiStages                                 add, remove: value `apiId:stage`
//   /apiStages/{apiId:stage}/throttle          add, replace, remove
//   /apiStages/{apiId:stage}/throttle/{resourcePath}/{httpMethod}  remove
//   ... /rateLimit, ... /burstLimit            add, replace
//   /throttle, /quota                          remove
//   /throttle/rateLimit, /throttle/burstLimit  add, replace
//   /quota/limit, /quota/offset, /quota/period add, replace
//
// add and replace mean the same, and create what is absent: /throttle, /quota
// (with offset 0) or a method's throttle. Removing /throttle, /quota,
// /productCode or a stage's throttles when there are none changes nothing, as a
// client that repeats its request expects.
//
// Methods may have any spelling that canonical_method_key() accepts. Values are
// strings, as clients of API Gateway send them, or JSON numbers. The value of a
// stage's throttle is a map, as a JSON object or a string that holds one:
// `{"/pets/GET":{"rateLimit":1.5,"burstLimit":3}}`; it replaces the stage's
// map. Spaces at the end of a path are dropped. remove ignores its value,
// except for /apiStages.
//
// Errors name the operation, `operations[2] replace "/quota/limit": ...`; see
// aws_message() for AWS's text.
//   InvalidArgument    an operation that is not in the table, a value that does
//                      not fit, or a plan that would not be valid
//   NotFound           a stage or method that the plan does not have
//   AlreadyExists      `add /apiStages` of a stage that the plan has
//   ResourceExhausted  more than kMaxPlanPatchOperations, or a limit of
//                      JSON Patch
absl::StatusOr<v1::UsagePlan> patch_usage_plan(
    const v1::UsagePlan& plan, absl::Span<const v1::PatchOperation> operations,
    const PlanRules& rules = {});

}  // namespace weir

#endif  // WEIR_PLAN_PLAN_PATCH_H_
