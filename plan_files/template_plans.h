#ifndef WEIR_PLAN_FILES_TEMPLATE_PLANS_H_
#define WEIR_PLAN_FILES_TEMPLATE_PLANS_H_

#include <string>
#include <vector>

#include "documents/document_node.h"
#include "plan_files/filed_plan.h"

namespace weir {

// The usage plans of a CloudFormation template, an object with Resources: each
// AWS::ApiGateway::UsagePlan, and those that SAM makes of the Auth.UsagePlan of
// AWS::Serverless::Api resources and of Globals. A plan is called by its
// resource's logical name, which is also its own name unless it has one. What
// functions come to: see TemplateFunctions. `path`: where the template is in
// the document, "" for all of it.
std::vector<FiledPlan> template_plans(const DocumentNode& root,
                                      const std::string& path = "");

// The same of Resources without the template around them, an object of them or
// a single one; and of the properties of an AWS::ApiGateway::UsagePlan alone.
std::vector<FiledPlan> resources_plans(const DocumentNode& resources);
std::vector<FiledPlan> resource_plans(const DocumentNode& resource);
FiledPlan properties_plan(const DocumentNode& properties);

}  // namespace weir

#endif  // WEIR_PLAN_FILES_TEMPLATE_PLANS_H_
