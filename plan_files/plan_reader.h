// Reads usage plans from files of every kind that people keep them in.

#ifndef WEIR_PLAN_FILES_PLAN_READER_H_
#define WEIR_PLAN_FILES_PLAN_READER_H_

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "plan/validation.h"
#include "plan_files/filed_plan.h"

namespace weir {

// Reads the plans of a document, JSON or YAML, which tells by its content what
// it is:
//   - what `aws apigateway get-usage-plan` prints, as usage_plan_from_json()
//     reads it; what get-usage-plans prints, {"items": [...]} or {"item":
//     [...]}; a list of such plans
//   - a CloudFormation template, also one of CDK, SAM or the Serverless
//     Framework; what `aws cloudformation get-template` prints; a resource of
//     one; a resource's properties
//   - serverless.yml
//   - what `terraform show -json` prints of a state or of a plan; a state file
// At least one plan. They are not validated.
//
// InvalidArgument for what is no document, with line and column, or holds no
// plan; ResourceExhausted beyond the limits of read_document().
absl::StatusOr<std::vector<FiledPlan>> read_plans(std::string_view text);

// All that is wrong with a plan: what could not be read, and what is not valid
// in the rest of it, in the order of lines.
std::vector<PlanFileProblem> problems_of(const FiledPlan& filed,
                                         const PlanRules& rules);

}  // namespace weir

#endif  // WEIR_PLAN_FILES_PLAN_READER_H_
