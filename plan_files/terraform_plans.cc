#include "weir/plan_files/terraform_plans.h"

#include <cstddef>
#include <deque>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "weir/plan_files/plan_builder.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir {
namespace {

using Kind = DocumentNode::Kind;

constexpr std::string_view kType = "aws_api_gateway_usage_plan";
constexpr LimitNames kNames{"rate_limit", "burst_limit", "limit", "offset",
                            "period"};
// Represents a value that is known after apply: {kUnknown: name}.
constexpr char kUnknown[] = "(known after apply)";

// Terraform writes null for values that are not set.
class TerraformValues : public Resolver {
 public:
  Resolved resolve(const DocumentNode& node) override {
    Resolved value;
    if (node.is_null()) return value;
    if (node.is_mapping() && node.names.size() == 1 &&
        node.names[0] == kUnknown) {
      value.name = node.items[0].text;
      value.why = "is known only after apply";
    } else {
      value.node = &node;
    }
    return value;
  }
};

std::string text_of(const DocumentNode* node) {
  return node == nullptr ? "" : node->text;
}

const DocumentNode* find_in(const DocumentNode& root,
                            std::initializer_list<std::string_view> names) {
  const DocumentNode* at = &root;
  for (const std::string_view name : names) {
    at = at->find(name);
    if (at == nullptr) return nullptr;
  }
  return at;
}

DocumentNode unknown(std::string_view name) {
  DocumentNode node;
  node.kind = Kind::kMapping;
  node.names.push_back(kUnknown);
  DocumentNode& text = node.items.emplace_back();
  text.kind = Kind::kText;
  text.text = std::string(name);
  return node;
}

// Marks in `values` the values that are unknown according to `after_unknown`.
void mark_unknown(const DocumentNode& after_unknown, std::string_view name,
                  DocumentNode* values) {
  if (after_unknown.kind == Kind::kBoolean && after_unknown.text == "true") {
    const auto line = values->line;
    *values = unknown(name);
    values->line = line;
  } else if (after_unknown.is_mapping()) {
    if (values->is_null()) values->kind = Kind::kMapping;
    if (!values->is_mapping()) return;
    for (std::size_t i = 0; i < after_unknown.items.size(); ++i) {
      const std::string& member = after_unknown.names[i];
      const DocumentNode* const known = values->find(member);
      std::size_t index = values->items.size();
      if (known != nullptr) {
        index = static_cast<std::size_t>(known - values->items.data());
      } else {
        values->names.push_back(member);
        values->items.emplace_back().line = values->line;
      }
      mark_unknown(after_unknown.items[i], member, &values->items[index]);
    }
  } else if (after_unknown.is_sequence()) {
    if (values->is_null()) values->kind = Kind::kSequence;
    if (!values->is_sequence()) return;
    for (std::size_t i = 0; i < after_unknown.items.size(); ++i) {
      if (i == values->items.size()) {
        values->items.emplace_back().line = values->line;
      }
      mark_unknown(after_unknown.items[i], name, &values->items[i]);
    }
  }
}

// The API to which the configuration of a stage refers, without ".id".
std::string api_reference(const DocumentNode* block) {
  const DocumentNode* const references =
      block == nullptr ? nullptr : find_in(*block, {"api_id", "references"});
  if (references == nullptr || references->items.empty()) return "";
  absl::string_view name = references->items[0].text;
  absl::ConsumeSuffix(&name, ".id");
  return std::string(name);
}

// Names the API ids that are known after apply by the configuration's
// references.
void name_unknown_apis(const DocumentNode* configuration,
                       DocumentNode* values) {
  const DocumentNode* const blocks =
      configuration == nullptr
          ? nullptr
          : find_in(*configuration, {"expressions", "api_stages"});
  for (std::size_t i = 0; i < values->names.size(); ++i) {
    if (values->names[i] != "api_stages") continue;
    DocumentNode& stages = values->items[i];
    for (std::size_t j = 0; j < stages.items.size(); ++j) {
      const DocumentNode* const id = stages.items[j].find("api_id");
      if (id == nullptr || id->find(kUnknown) == nullptr) continue;
      const bool has_block = blocks != nullptr && j < blocks->items.size();
      std::string name = api_reference(has_block ? &blocks->items[j] : nullptr);
      if (name.empty()) name = absl::StrCat("api_id-", j);
      const auto index =
          static_cast<std::size_t>(id - stages.items[j].items.data());
      stages.items[j].items[index] = unknown(name);
    }
  }
}

// The single block of a list, or an object.
std::optional<At> block(const At& object, std::string_view name,
                        PlanBuilder& builder) {
  const auto value = builder.member(object, name);
  if (!value.has_value()) return std::nullopt;
  if (value->value.node != nullptr && value->value.node->is_mapping()) {
    return value;
  }
  std::vector<At> blocks = builder.elements(*value);
  if (blocks.size() > 1) builder.fail(value->place, "expected one block");
  if (blocks.empty()) return std::nullopt;
  return blocks[0];
}

void read_stage(const At& at, int index, PlanBuilder& builder) {
  const std::string pointer = absl::StrCat("/apiStages/", index);
  v1::ApiStage& stage = *builder.plan().add_api_stages();
  builder.set_place(pointer, at.place);
  builder.read_stage_name(at, "api_id", pointer + "/apiId",
                          stage.mutable_api_id());
  builder.read_stage_name(at, "stage", pointer + "/stage",
                          stage.mutable_stage());
  const auto throttles = builder.member(at, "throttle");
  if (!throttles.has_value()) return;
  for (const At& throttle : builder.elements(*throttles)) {
    if (!builder.is_object(throttle)) continue;
    const auto path = builder.member(throttle, "path");
    if (!path.has_value()) {
      builder.fail(throttle.place, "expected a path");
      continue;
    }
    if (const auto method = builder.text(*path)) {
      builder.read_method(throttle, kNames, *method, index, &stage);
    }
  }
}

void read_values(const At& values, PlanBuilder& builder) {
  if (!builder.is_object(values)) return;
  v1::UsagePlan& plan = builder.plan();
  const auto id = builder.member(values, "id");
  if (id.has_value() && !id->value.is_reference()) {
    builder.read_text(values, "id", "/id", plan.mutable_id());
  }
  builder.read_text(values, "name", "/name", plan.mutable_name());
  builder.read_text(values, "description", "/description",
                    plan.mutable_description());
  builder.read_text(values, "product_code", "/productCode",
                    plan.mutable_product_code());
  if (const auto stages = builder.member(values, "api_stages")) {
    int index = 0;
    for (const At& stage : builder.elements(*stages)) {
      if (builder.is_object(stage)) read_stage(stage, index++, builder);
    }
  }
  if (const auto throttle = block(values, "throttle_settings", builder)) {
    builder.read_throttle(*throttle, kNames, "/throttle",
                          plan.mutable_throttle());
  }
  if (const auto quota = block(values, "quota_settings", builder)) {
    builder.read_quota(*quota, kNames, plan.mutable_quota());
  }
  // tags_all includes the tags that the provider adds to every resource.
  for (const char* name : {"tags_all", "tags"}) {
    const auto tags = builder.member(values, name);
    if (!tags.has_value() || tags->value.is_reference() ||
        !builder.is_object(*tags)) {
      continue;
    }
    for (const std::string& key : tags->value.node->names) {
      const auto value = builder.member(*tags, key);
      if (value.has_value()) builder.read_tag(key, *value);
    }
  }
}

class TerraformReader {
 public:
  explicit TerraformReader(const DocumentNode& root) : root_(root) {}

  std::vector<FiledPlan> read() && {
    const DocumentNode* const planned =
        find_in(root_, {"planned_values", "root_module"});
    const DocumentNode* const present =
        find_in(root_, {"values", "root_module"});
    const DocumentNode* const modules = planned != nullptr ? planned : present;
    if (modules != nullptr) {
      read_module(*modules, find_in(root_, {"configuration", "root_module"}));
    } else if (const DocumentNode* resources = root_.find("resources")) {
      read_state(*resources);
    }
    return std::move(plans_);
  }

 private:
  // Recursion is as deep as the document.
  void read_module(const DocumentNode& module,
                   const DocumentNode* configuration) {
    if (const DocumentNode* resources = module.find("resources")) {
      for (const DocumentNode& resource : resources->items) {
        if (text_of(resource.find("type")) != kType) continue;
        const std::string address = text_of(resource.find("address"));
        const DocumentNode* const values = resource.find("values");
        if (values == nullptr) continue;
        add(address, *values, after_unknown(address),
            configured(configuration, text_of(resource.find("name"))));
      }
    }
    const DocumentNode* const children = module.find("child_modules");
    if (children == nullptr) return;
    for (const DocumentNode& child : children->items) {
      const std::string call = call_of(text_of(child.find("address")));
      read_module(child, configuration == nullptr
                             ? nullptr
                             : find_in(*configuration,
                                       {"module_calls", call, "module"}));
    }
  }

  // "b" for "module.a.module.b[0]".
  static std::string call_of(std::string_view address) {
    constexpr std::string_view kModule = "module.";
    const std::string_view whole = address.substr(0, address.find_last_of('['));
    const std::size_t at = whole.rfind(kModule);
    return std::string(at == whole.npos ? whole
                                        : whole.substr(at + kModule.size()));
  }

  // Reads a state file, version 4.
  void read_state(const DocumentNode& resources) {
    for (const DocumentNode& resource : resources.items) {
      const DocumentNode* const instances = resource.find("instances");
      if (text_of(resource.find("type")) != kType || instances == nullptr) {
        continue;
      }
      const std::string module = text_of(resource.find("module"));
      for (const DocumentNode& instance : instances->items) {
        const DocumentNode* const attributes = instance.find("attributes");
        if (attributes == nullptr || instance.find("deposed") != nullptr) {
          continue;
        }
        std::string address =
            absl::StrCat(module, module.empty() ? "" : ".", std::string(kType),
                         ".", text_of(resource.find("name")));
        if (const DocumentNode* key = instance.find("index_key")) {
          absl::StrAppend(&address, key->is_text() ? "[\"" : "[", key->text,
                          key->is_text() ? "\"]" : "]");
        }
        add(address, *attributes, nullptr, nullptr);
      }
    }
  }

  const DocumentNode* after_unknown(std::string_view address) const {
    const DocumentNode* const changes = root_.find("resource_changes");
    if (changes == nullptr) return nullptr;
    for (const DocumentNode& change : changes->items) {
      if (text_of(change.find("address")) == address) {
        return find_in(change, {"change", "after_unknown"});
      }
    }
    return nullptr;
  }

  static const DocumentNode* configured(const DocumentNode* module,
                                        const std::string& name) {
    const DocumentNode* const resources =
        module == nullptr ? nullptr : module->find("resources");
    if (resources == nullptr) return nullptr;
    for (const DocumentNode& resource : resources->items) {
      if (text_of(resource.find("type")) == kType &&
          text_of(resource.find("name")) == name) {
        return &resource;
      }
    }
    return nullptr;
  }

  void add(const std::string& address, const DocumentNode& values,
           const DocumentNode* after_unknown,
           const DocumentNode* configuration) {
    DocumentNode& held = held_.emplace_back(values);
    if (after_unknown != nullptr) {
      mark_unknown(*after_unknown, address, &held);
      name_unknown_apis(configuration, &held);
    }
    FiledPlan filed;
    filed.may_have_id = true;
    TerraformValues resolver;
    PlanBuilder builder(resolver, &filed);
    builder.begin({address, values.line}, address);
    builder.plan().clear_name();
    read_values(builder.at(held, address), builder);
    plans_.push_back(std::move(filed));
  }

  const DocumentNode& root_;
  std::deque<DocumentNode> held_;
  std::vector<FiledPlan> plans_;
};

}  // namespace

bool is_terraform(const DocumentNode& root) {
  return root.find("format_version") != nullptr ||
         root.find("terraform_version") != nullptr;
}

std::vector<FiledPlan> terraform_plans(const DocumentNode& root) {
  return TerraformReader(root).read();
}

}  // namespace weir
