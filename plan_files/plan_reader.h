// Reads usage plans from files of all supported formats.

#ifndef WEIR_PLAN_FILES_PLAN_READER_H_
#define WEIR_PLAN_FILES_PLAN_READER_H_

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "weir/plan/validation.h"
#include "weir/plan_files/filed_plan.h"

namespace weir {

// Reads the plans of a document, JSON or YAML, whose format is detected from
// its content:
//   - the output of `aws apigateway get-usage-plan`, as usage_plan_from_json()
//     reads it; that of get-usage-plans, {"items": [...]} or {"item": [...]}; a
//     list of such plans
//   - a CloudFormation template, also one of CDK, SAM or the Serverless
//     Framework; the output of `aws cloudformation get-template`; a resource of
//     a template; a resource's properties
//   - serverless.yml
//   - the output of `terraform show -json` for a state or a plan; a state file
// Returns at least one plan. Plans are not validated.
//
// InvalidArgument if it is not a document, with line and column, or holds no
// plan; ResourceExhausted beyond the limits of read_document().
absl::StatusOr<std::vector<FiledPlan>> read_plans(std::string_view text);

// All problems of a plan: what could not be read, and what is not valid in the
// rest, in the order of lines.
std::vector<PlanFileProblem> problems_of(const FiledPlan& filed,
                                         const PlanRules& rules);

}  // namespace weir

#endif  // WEIR_PLAN_FILES_PLAN_READER_H_
