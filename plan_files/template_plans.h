#ifndef WEIR_PLAN_FILES_TEMPLATE_PLANS_H_
#define WEIR_PLAN_FILES_TEMPLATE_PLANS_H_

#include <string>
#include <vector>

#include "weir/documents/document_node.h"
#include "weir/plan_files/filed_plan.h"

namespace weir {

// The usage plans of a CloudFormation template, an object with Resources: each
// AWS::ApiGateway::UsagePlan, and those that SAM creates from the
// Auth.UsagePlan of AWS::Serverless::Api resources and of Globals. The name in
// the document is the resource's logical name, which is also the plan's name
// unless it has its own. TemplateFunctions resolves functions. `path` is that
// of the template in the document, "" for the whole document.
std::vector<FiledPlan> template_plans(const DocumentNode& root,
                                      const std::string& path = "");

// The same for Resources without the template around them, an object of
// resources or a single one; and for the properties of an
// AWS::ApiGateway::UsagePlan alone.
std::vector<FiledPlan> resources_plans(const DocumentNode& resources);
std::vector<FiledPlan> resource_plans(const DocumentNode& resource);
FiledPlan properties_plan(const DocumentNode& properties);

}  // namespace weir

#endif  // WEIR_PLAN_FILES_TEMPLATE_PLANS_H_
