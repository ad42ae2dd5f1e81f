#ifndef WEIR_PLAN_FILES_TERRAFORM_PLANS_H_
#define WEIR_PLAN_FILES_TERRAFORM_PLANS_H_

#include <vector>

#include "documents/document_node.h"
#include "plan_files/filed_plan.h"

namespace weir {

// Whether `root` is what `terraform show -json` prints, of a state or of a
// plan, or a state file.
bool is_terraform(const DocumentNode& root);

// Its aws_api_gateway_usage_plan resources; of a plan, as they will be. A plan
// is called by its address. An attribute that is known only after apply is a
// reference; an API's id is then called by what the configuration gives it, if
// that is a reference.
std::vector<FiledPlan> terraform_plans(const DocumentNode& root);

}  // namespace weir

#endif  // WEIR_PLAN_FILES_TERRAFORM_PLANS_H_
