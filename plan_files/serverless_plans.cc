#include "weir/plan_files/serverless_plans.h"

#include <cstddef>
#include <deque>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "weir/base/text.h"
#include "weir/plan_files/plan_builder.h"
#include "weir/plan_files/template_plans.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir {
namespace {

constexpr LimitNames kNames{"rateLimit", "burstLimit", "limit", "offset",
                            "period"};
constexpr char kApi[] = "ApiGatewayRestApi";
constexpr char kPath[] = "provider.apiGateway.usagePlan";
// The framework's name for a plan that is not in a list.
constexpr std::string_view kDefault = "default";
constexpr int kMaxDepth = 16;

const DocumentNode* find_in(const DocumentNode& root,
                            std::initializer_list<std::string_view> names) {
  const DocumentNode* at = &root;
  for (const std::string_view name : names) {
    at = at->find(name);
    if (at == nullptr) return nullptr;
  }
  return at;
}

// The framework's variables: `${self:custom.limit}` is looked up in the
// document, and `${opt:stage, 'dev'}` has its fallback value.
class Variables : public Resolver {
 public:
  explicit Variables(const DocumentNode& root) : root_(root) {}

  Resolved resolve(const DocumentNode& node) override {
    return resolve(node, kMaxDepth);
  }

 private:
  Resolved resolve(const DocumentNode& node, int depth) {
    Resolved value;
    value.node = &node;
    const std::string_view text = node.text;
    const std::size_t open = text.find("${");
    if (!node.is_text() || open == text.npos) return value;
    if (open == 0 && text.find('}') == text.size() - 1 && depth > 0) {
      std::string_view name = text.substr(2, text.size() - 3);
      const std::size_t comma = name.find(',');
      const DocumentNode* const found = look_up(name.substr(0, comma));
      if (found != nullptr) return resolve(*found, depth - 1);
      if (comma != name.npos) {
        if (const auto literal = literal_of(name.substr(comma + 1))) {
          DocumentNode fallback = node;
          fallback.text = *literal;
          value.node = &made_.emplace_back(std::move(fallback));
          return value;
        }
      }
    }
    value.node = nullptr;
    value.name = std::string(text);
    value.why = absl::StrCat(
        internal::excerpt(text),
        " is known only to the Serverless Framework: read what `serverless "
        "package` makes, "
        ".serverless/cloudformation-template-update-stack.json");
    return value;
  }

  // The value of "self:custom.limit"; null if there is none.
  const DocumentNode* look_up(std::string_view name) const {
    constexpr std::string_view kSelf = "self:";
    if (name.substr(0, kSelf.size()) != kSelf) return nullptr;
    const DocumentNode* at = &root_;
    for (const auto& part :
         absl::StrSplit(internal::to_absl(name.substr(kSelf.size())), '.')) {
      at = at->find(std::string(part));
      if (at == nullptr) return nullptr;
    }
    return at;
  }

  // The content of "'dev'", which may have blanks around it.
  static std::optional<std::string> literal_of(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(' ');
    const std::size_t end = text.find_last_not_of(' ');
    if (begin == text.npos || end <= begin ||
        (text[begin] != '\'' && text[begin] != '"') ||
        text[end] != text[begin]) {
      return std::nullopt;
    }
    return std::string(text.substr(begin + 1, end - begin - 1));
  }

  const DocumentNode& root_;
  std::deque<DocumentNode> made_;  // Addresses are stable.
};

std::string text_of(const DocumentNode* node, std::string_view otherwise,
                    Variables& variables) {
  if (node == nullptr) return std::string(otherwise);
  const Resolved value = variables.resolve(*node);
  return value.node == nullptr ? value.name : value.node->text;
}

FiledPlan plan_of(const DocumentNode& root, const DocumentNode& settings,
                  const std::string& path, std::string_view name,
                  Variables& variables) {
  FiledPlan filed;
  PlanBuilder builder(variables, &filed);
  builder.begin({path, settings.line}, name);
  v1::UsagePlan& plan = builder.plan();
  const DocumentNode* const service = root.find("service");
  const DocumentNode* const service_name =
      service != nullptr && service->is_mapping() ? service->find("name")
                                                  : service;
  const std::string stage =
      text_of(find_in(root, {"provider", "stage"}), "dev", variables);
  plan.set_name(absl::StrCat(
      text_of(service_name, "", variables), "-",
      name == kDefault ? "" : absl::StrCat(internal::to_absl(name), "-"),
      stage));
  v1::ApiStage& covered = *plan.add_api_stages();
  covered.set_api_id(kApi);
  covered.set_stage(stage);

  const At at = builder.at(settings, path);
  if (!builder.is_object(at)) return filed;
  builder.expect_members(at, {"quota", "throttle"});
  if (const auto throttle = builder.member(at, "throttle")) {
    builder.expect_members(*throttle, {kNames.burst, kNames.rate});
    builder.read_throttle(*throttle, kNames, "/throttle",
                          plan.mutable_throttle());
  }
  if (const auto quota = builder.member(at, "quota")) {
    builder.expect_members(*quota,
                           {kNames.limit, kNames.offset, kNames.period});
    builder.read_quota(*quota, kNames, plan.mutable_quota());
  }
  return filed;
}

}  // namespace

bool is_serverless(const DocumentNode& root) {
  return root.find("service") != nullptr && root.find("provider") != nullptr;
}

std::vector<FiledPlan> serverless_plans(const DocumentNode& root) {
  std::vector<FiledPlan> plans;
  Variables variables(root);
  const DocumentNode* const settings =
      find_in(root, {"provider", "apiGateway", "usagePlan"});
  if (settings != nullptr && settings->is_sequence()) {
    for (std::size_t i = 0; i < settings->items.size(); ++i) {
      const DocumentNode& item = settings->items[i];
      const std::string path = element_path(kPath, i);
      for (std::size_t j = 0; j < item.items.size(); ++j) {
        if (!item.is_mapping()) continue;
        plans.push_back(plan_of(root, item.items[j],
                                member_path(path, item.names[j]), item.names[j],
                                variables));
      }
    }
  } else if (settings != nullptr) {
    plans.push_back(plan_of(root, *settings, kPath, kDefault, variables));
  }
  if (const DocumentNode* resources = root.find("resources")) {
    for (FiledPlan& plan : template_plans(*resources, "resources")) {
      plans.push_back(std::move(plan));
    }
  }
  return plans;
}

}  // namespace weir
