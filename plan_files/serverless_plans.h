#ifndef WEIR_PLAN_FILES_SERVERLESS_PLANS_H_
#define WEIR_PLAN_FILES_SERVERLESS_PLANS_H_

#include <vector>

#include "weir/documents/document_node.h"
#include "weir/plan_files/filed_plan.h"

namespace weir {

// Whether `root` is a serverless.yml.
bool is_serverless(const DocumentNode& root);

// The plans of its provider.apiGateway.usagePlan: one plan, with the name that
// the framework gives its resource, or one for each name of a list; then the
// plans of the template in its `resources`. The framework's variables,
// `${self:custom.limit}`, are references.
std::vector<FiledPlan> serverless_plans(const DocumentNode& root);

}  // namespace weir

#endif  // WEIR_PLAN_FILES_SERVERLESS_PLANS_H_
