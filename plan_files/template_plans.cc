#include "weir/plan_files/template_plans.h"

#include <cstddef>
#include <deque>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "weir/plan_files/plan_builder.h"
#include "weir/plan_files/template_functions.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir {
namespace {

constexpr std::string_view kPlanType = "AWS::ApiGateway::UsagePlan";
constexpr std::string_view kSamApiType = "AWS::Serverless::Api";
constexpr std::string_view kSamFunctionType = "AWS::Serverless::Function";
// SAM's names for the API of functions that name none, and for its stage.
constexpr char kImplicitApi[] = "ServerlessRestApi";
constexpr char kImplicitStage[] = "Prod";
constexpr char kSharedPlan[] = "ServerlessUsagePlan";

constexpr LimitNames kNames{"RateLimit", "BurstLimit", "Limit", "Offset",
                            "Period"};

bool has_type(const DocumentNode& resource, std::string_view type) {
  const DocumentNode* const found = resource.find("Type");
  return found != nullptr && found->text == type;
}

// The node at the path `names` from `root`; null if there is none.
const DocumentNode* find_in(const DocumentNode& root,
                            std::initializer_list<std::string_view> names) {
  const DocumentNode* at = &root;
  for (const std::string_view name : names) {
    at = at->find(name);
    if (at == nullptr) return nullptr;
  }
  return at;
}

void read_stage(const At& at, int index, PlanBuilder& builder) {
  const std::string pointer = absl::StrCat("/apiStages/", index);
  v1::ApiStage& stage = *builder.plan().add_api_stages();
  builder.set_place(pointer, at.place);
  builder.expect_members(at, {"ApiId", "Stage", "Throttle"});
  builder.read_stage_name(at, "ApiId", pointer + "/apiId",
                          stage.mutable_api_id());
  builder.read_stage_name(at, "Stage", pointer + "/stage",
                          stage.mutable_stage());
  const auto throttle = builder.member(at, "Throttle");
  if (!throttle.has_value() || !builder.is_object(*throttle)) return;
  for (const std::string& method : throttle->value.node->names) {
    const auto limits = builder.member(*throttle, method);
    if (limits.has_value()) {
      builder.expect_members(*limits, {kNames.burst, kNames.rate});
      builder.read_method(*limits, kNames, method, index, &stage);
    }
  }
}

void read_tags(const At& tags, PlanBuilder& builder) {
  for (const At& tag : builder.elements(tags)) {
    if (!builder.is_object(tag)) continue;
    builder.expect_members(tag, {"Key", "Value"});
    const auto key = builder.member(tag, "Key");
    const auto value = builder.member(tag, "Value");
    if (!key.has_value() || !value.has_value()) {
      builder.fail(tag.place, "expected a Key and a Value");
      continue;
    }
    if (const auto name = builder.text(*key)) builder.read_tag(*name, *value);
  }
}

// Reads what CloudFormation's and SAM's usage plans have in common.
void read_limits(const At& properties, PlanBuilder& builder) {
  builder.read_text(properties, "UsagePlanName", "/name",
                    builder.plan().mutable_name());
  builder.read_text(properties, "Description", "/description",
                    builder.plan().mutable_description());
  if (const auto throttle = builder.member(properties, "Throttle")) {
    if (builder.is_object(*throttle)) {
      builder.expect_members(*throttle, {kNames.burst, kNames.rate});
      builder.read_throttle(*throttle, kNames, "/throttle",
                            builder.plan().mutable_throttle());
    }
  }
  if (const auto quota = builder.member(properties, "Quota")) {
    if (builder.is_object(*quota)) {
      builder.expect_members(*quota,
                             {kNames.limit, kNames.offset, kNames.period});
      builder.read_quota(*quota, kNames, builder.plan().mutable_quota());
    }
  }
  if (const auto tags = builder.member(properties, "Tags")) {
    read_tags(*tags, builder);
  }
}

void read_properties(const At& properties, PlanBuilder& builder) {
  if (!builder.is_object(properties)) return;
  builder.expect_members(properties, {"ApiStages", "Description", "Quota",
                                      "Tags", "Throttle", "UsagePlanName"});
  read_limits(properties, builder);
  const auto stages = builder.member(properties, "ApiStages");
  if (!stages.has_value()) return;
  int index = 0;
  for (const At& stage : builder.elements(*stages)) {
    if (builder.is_object(stage)) read_stage(stage, index++, builder);
  }
}

FiledPlan plan_of(const DocumentNode& resource, const std::string& path,
                  std::string_view name, TemplateFunctions& functions) {
  FiledPlan filed;
  PlanBuilder builder(functions, &filed);
  builder.begin({path, resource.line}, name);
  const DocumentNode* const properties = resource.find("Properties");
  if (properties == nullptr) return filed;
  const std::string properties_path = member_path(path, "Properties");
  filed.places.add("", {properties_path, properties->line});
  read_properties(builder.at(*properties, properties_path), builder);
  return filed;
}

// -- SAM --

// Returns `over` with the members of `base` that it lacks, recursively in
// objects, as SAM does with Globals.
DocumentNode merged(const DocumentNode& base, const DocumentNode& over) {
  DocumentNode out = over;
  if (!base.is_mapping() || !over.is_mapping()) return out;
  for (std::size_t i = 0; i < base.items.size(); ++i) {
    const DocumentNode* const same = over.find(base.names[i]);
    if (same == nullptr) {
      out.names.push_back(base.names[i]);
      out.items.push_back(base.items[i]);
    } else {
      const auto index = static_cast<std::size_t>(same - over.items.data());
      out.items[index] = merged(base.items[i], *same);
    }
  }
  return out;
}

// A usage plan that SAM creates.
struct SamPlan {
  DocumentNode settings;
  std::string path;  // Of the settings.
  std::string api;
  const DocumentNode* stage = nullptr;  // Its name; null: the implicit API's.
};

// Whether a function of the template has an API event that names no API.
bool has_implicit_api(const DocumentNode& resources) {
  for (const DocumentNode& resource : resources.items) {
    if (!has_type(resource, kSamFunctionType)) continue;
    const DocumentNode* const events =
        find_in(resource, {"Properties", "Events"});
    if (events == nullptr) continue;
    for (const DocumentNode& event : events->items) {
      if (has_type(event, "Api") &&
          find_in(event, {"Properties", "RestApiId"}) == nullptr) {
        return true;
      }
    }
  }
  return false;
}

std::vector<SamPlan> sam_plans(const DocumentNode& root,
                               const DocumentNode& resources,
                               const std::string& path,
                               const std::string& resources_path) {
  std::vector<SamPlan> plans;
  const DocumentNode* const global =
      find_in(root, {"Globals", "Api", "Auth", "UsagePlan"});
  const std::string global_path =
      member_path(path, "Globals") + ".Api.Auth.UsagePlan";
  for (std::size_t i = 0; i < resources.items.size(); ++i) {
    const DocumentNode& resource = resources.items[i];
    if (!has_type(resource, kSamApiType)) continue;
    const DocumentNode* const own =
        find_in(resource, {"Properties", "Auth", "UsagePlan"});
    if (own == nullptr && global == nullptr) continue;
    SamPlan plan;
    plan.api = resources.names[i];
    plan.settings = own == nullptr      ? *global
                    : global == nullptr ? *own
                                        : merged(*global, *own);
    plan.path = own == nullptr ? global_path
                               : member_path(resources_path, plan.api) +
                                     ".Properties.Auth.UsagePlan";
    plan.stage = find_in(resource, {"Properties", "StageName"});
    plans.push_back(std::move(plan));
  }
  if (global != nullptr && has_implicit_api(resources)) {
    plans.push_back({*global, global_path, kImplicitApi, nullptr});
  }
  return plans;
}

void add_sam_stage(const SamPlan& sam, TemplateFunctions& functions,
                   PlanBuilder& builder) {
  v1::ApiStage& stage = *builder.plan().add_api_stages();
  stage.set_api_id(sam.api);
  stage.set_stage(kImplicitStage);
  if (sam.stage == nullptr) return;
  const Resolved name = functions.resolve(*sam.stage);
  stage.set_stage(name.node == nullptr ? name.name : name.node->text);
}

void read_sam_plan(const SamPlan& sam, TemplateFunctions& functions,
                   std::vector<FiledPlan>* plans,
                   std::deque<DocumentNode>* held) {
  held->push_back(sam.settings);
  FiledPlan filed;
  PlanBuilder builder(functions, &filed);
  const At settings = builder.at(held->back(), sam.path);
  builder.begin(settings.place, sam.api + "UsagePlan");
  if (builder.is_object(settings)) {
    const auto create = builder.member(settings, "CreateUsagePlan");
    const auto how = create.has_value() ? builder.text(*create) : std::nullopt;
    if (how == "NONE") return;
    if (how == "SHARED") {
      // One plan, with the settings of the first API that shares it.
      for (FiledPlan& other : *plans) {
        if (other.name != kSharedPlan) continue;
        PlanBuilder shared(functions, &other);
        add_sam_stage(sam, functions, shared);
        return;
      }
      builder.begin(settings.place, kSharedPlan);
    } else if (how != "PER_API") {
      builder.fail(create.has_value() ? create->place : settings.place,
                   "expected a CreateUsagePlan of PER_API, SHARED or NONE");
    }
    builder.expect_members(settings, {"CreateUsagePlan", "Description", "Quota",
                                      "Tags", "Throttle", "UsagePlanName"});
    read_limits(settings, builder);
  }
  add_sam_stage(sam, functions, builder);
  plans->push_back(std::move(filed));
}

// The plans of `resources`, in the template `root`, with the paths of both.
std::vector<FiledPlan> plans_of(const DocumentNode& root,
                                const DocumentNode& resources,
                                const std::string& path,
                                const std::string& resources_path) {
  std::vector<FiledPlan> plans;
  TemplateFunctions functions(root);
  for (std::size_t i = 0; i < resources.items.size(); ++i) {
    const DocumentNode& resource = resources.items[i];
    if (!has_type(resource, kPlanType)) continue;
    const std::string& name = resources.names[i];
    plans.push_back(
        plan_of(resource, member_path(resources_path, name), name, functions));
  }
  std::deque<DocumentNode> held;
  for (const SamPlan& sam : sam_plans(root, resources, path, resources_path)) {
    read_sam_plan(sam, functions, &plans, &held);
  }
  return plans;
}

}  // namespace

std::vector<FiledPlan> template_plans(const DocumentNode& root,
                                      const std::string& path) {
  const DocumentNode* const resources = root.find("Resources");
  if (resources == nullptr) return {};
  return plans_of(root, *resources, path, member_path(path, "Resources"));
}

std::vector<FiledPlan> resources_plans(const DocumentNode& resources) {
  return plans_of(DocumentNode(), resources, "", "");
}

std::vector<FiledPlan> resource_plans(const DocumentNode& resource) {
  if (!has_type(resource, kPlanType)) return {};
  TemplateFunctions functions(resource);
  std::vector<FiledPlan> plans;
  plans.push_back(plan_of(resource, "", "UsagePlan", functions));
  return plans;
}

FiledPlan properties_plan(const DocumentNode& properties) {
  TemplateFunctions functions(properties);
  FiledPlan filed;
  PlanBuilder builder(functions, &filed);
  builder.begin({"", properties.line}, "UsagePlan");
  read_properties(builder.at(properties, ""), builder);
  return filed;
}

}  // namespace weir
