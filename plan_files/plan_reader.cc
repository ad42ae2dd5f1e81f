#include "weir/plan_files/plan_reader.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "weir/documents/document_node.h"
#include "weir/documents/document_reader.h"
#include "weir/plan/plan_json.h"
#include "weir/plan_files/serverless_plans.h"
#include "weir/plan_files/template_plans.h"
#include "weir/plan_files/terraform_plans.h"

namespace weir {
namespace {

// A plan in API Gateway's own format. Places are JSON Pointers, without lines.
// `pointer` is that of the plan, "" for the whole document.
FiledPlan native_plan(const DocumentNode& node, const std::string& pointer) {
  FiledPlan filed;
  filed.places = PlanPlaces(pointer);
  filed.may_have_id = true;
  auto plan = usage_plan_from_value(to_value(node));
  if (plan.ok()) {
    filed.plan = *std::move(plan);
    filed.name =
        filed.plan.name().empty() ? filed.plan.id() : filed.plan.name();
    return filed;
  }
  filed.is_read = false;
  // "/quota/limit: expected ..."
  std::string message(plan.status().message());
  DocumentPlace place{pointer};
  const std::size_t end = message.find(": ");
  if (absl::StartsWith(message, "/") && end != message.npos) {
    place.path += message.substr(0, end);
    message.erase(0, end + 2);
  }
  filed.problems.push_back({std::move(place), std::move(message)});
  return filed;
}

std::vector<FiledPlan> native_plans(const DocumentNode& list,
                                    const std::string& pointer) {
  std::vector<FiledPlan> plans;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    plans.push_back(native_plan(list.items[i], absl::StrCat(pointer, "/", i)));
  }
  return plans;
}

bool is_resource(const DocumentNode& node) {
  const DocumentNode* const type = node.find("Type");
  return type != nullptr && absl::StartsWith(type->text, "AWS::");
}

bool is_properties(const DocumentNode& node) {
  return std::any_of(node.names.begin(), node.names.end(),
                     [](const std::string& name) {
                       return name == "UsagePlanName" || name == "ApiStages" ||
                              name == "Quota" || name == "Throttle";
                     });
}

// Whether these are resources without the template around them.
bool are_resources(const DocumentNode& node) {
  return !node.items.empty() &&
         std::all_of(node.items.begin(), node.items.end(), is_resource);
}

// The output of get-template: a JSON template is embedded as is, a YAML one as
// text.
absl::StatusOr<std::vector<FiledPlan>> template_body(const DocumentNode& body) {
  if (!body.is_text()) return template_plans(body, "TemplateBody");
  const auto inner = read_document(body.text);
  if (!inner.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("TemplateBody: ", inner.status().message()));
  }
  return template_plans(*inner);
}

absl::StatusOr<std::vector<FiledPlan>> plans_of(const DocumentNode& root) {
  if (root.is_sequence()) return native_plans(root, "");
  for (const char* name : {"items", "item"}) {
    const DocumentNode* const list = root.find(name);
    if (list != nullptr && list->is_sequence()) {
      return native_plans(*list, absl::StrCat("/", name));
    }
  }
  if (const DocumentNode* body = root.find("TemplateBody")) {
    return template_body(*body);
  }
  if (root.find("Resources") != nullptr) return template_plans(root);
  if (is_terraform(root)) return terraform_plans(root);
  if (is_serverless(root)) return serverless_plans(root);
  if (is_resource(root)) return resource_plans(root);
  if (are_resources(root)) return resources_plans(root);
  std::vector<FiledPlan> plans;
  plans.push_back(is_properties(root) ? properties_plan(root)
                                      : native_plan(root, ""));
  return plans;
}

}  // namespace

std::vector<PlanFileProblem> problems_of(const FiledPlan& filed,
                                         const PlanRules& rules) {
  std::vector<PlanFileProblem> problems = filed.problems;
  if (!filed.is_read) return problems;
  absl::flat_hash_set<std::string> paths;
  for (const PlanFileProblem& problem : problems) {
    paths.insert(problem.place.path);
  }
  for (const PlanProblem& problem : validate_usage_plan(filed.plan, rules)) {
    DocumentPlace place = filed.places.find(problem.path);
    // What could not be read has its own problems already.
    if (paths.contains(place.path)) continue;
    problems.push_back({std::move(place), problem.message});
  }
  std::stable_sort(problems.begin(), problems.end(),
                   [](const PlanFileProblem& a, const PlanFileProblem& b) {
                     return a.place.line < b.place.line;
                   });
  return problems;
}

absl::StatusOr<std::vector<FiledPlan>> read_plans(std::string_view text) {
  const auto root = read_document(text);
  if (!root.ok()) return root.status();
  auto plans = plans_of(*root);
  if (plans.ok() && plans->empty()) {
    return absl::InvalidArgumentError("contains no usage plan");
  }
  return plans;
}

}  // namespace weir
