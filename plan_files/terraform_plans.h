#ifndef WEIR_PLAN_FILES_TERRAFORM_PLANS_H_
#define WEIR_PLAN_FILES_TERRAFORM_PLANS_H_

#include <vector>

#include "weir/documents/document_node.h"
#include "weir/plan_files/filed_plan.h"

namespace weir {

// Whether `root` is the output of `terraform show -json`, for a state or a
// plan, or a state file.
bool is_terraform(const DocumentNode& root);

// Its aws_api_gateway_usage_plan resources; for a Terraform plan, in their
// planned state. The name in the document is the resource's address. An
// attribute that is known only after apply is a reference. Such an API id has
// the name that the configuration refers to, if it does.
std::vector<FiledPlan> terraform_plans(const DocumentNode& root);

}  // namespace weir

#endif  // WEIR_PLAN_FILES_TERRAFORM_PLANS_H_
