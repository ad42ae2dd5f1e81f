#include "weir/management/management.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "weir/http/error_response.h"
#include "weir/management/operations.h"
#include "weir/management/status_response.h"

namespace weir {
namespace {

// Maps a method of a resource to an operation.
struct Binding {
  const char* method;
  std::vector<std::string_view> path;  // "*" is any segment
  const char* operation;
  HttpResponse (*answer)(const OperationRequest& request);
};

const std::vector<Binding>& bindings() {
  static const auto* const kBindings = new std::vector<Binding>{
      {"GET", {"usageplans"}, "GetUsagePlans", &operations::get_usage_plans},
      {"POST",
       {"usageplans"},
       "CreateUsagePlan",
       &operations::create_usage_plan},
      {"GET", {"usageplans", "*"}, "GetUsagePlan", &operations::get_usage_plan},
      {"PATCH",
       {"usageplans", "*"},
       "UpdateUsagePlan",
       &operations::update_usage_plan},
      {"DELETE",
       {"usageplans", "*"},
       "DeleteUsagePlan",
       &operations::delete_usage_plan},
      {"GET", {"usageplans", "*", "usage"}, "GetUsage", &operations::get_usage},
      {"GET",
       {"usageplans", "*", "keys"},
       "GetUsagePlanKeys",
       &operations::get_usage_plan_keys},
      {"POST",
       {"usageplans", "*", "keys"},
       "CreateUsagePlanKey",
       &operations::create_usage_plan_key},
      {"GET",
       {"usageplans", "*", "keys", "*"},
       "GetUsagePlanKey",
       &operations::get_usage_plan_key},
      {"DELETE",
       {"usageplans", "*", "keys", "*"},
       "DeleteUsagePlanKey",
       &operations::delete_usage_plan_key},
      {"PATCH",
       {"usageplans", "*", "keys", "*", "usage"},
       "UpdateUsage",
       &operations::update_usage},
      {"GET", {"apikeys"}, "GetApiKeys", &operations::get_api_keys},
      {"POST", {"apikeys"}, "CreateApiKey", &operations::create_api_key},
      {"GET", {"apikeys", "*"}, "GetApiKey", &operations::get_api_key},
      {"PATCH", {"apikeys", "*"}, "UpdateApiKey", &operations::update_api_key},
      {"DELETE", {"apikeys", "*"}, "DeleteApiKey", &operations::delete_api_key},
      {"GET", {"tags", "*"}, "GetTags", &operations::get_tags},
      {"PUT", {"tags", "*"}, "TagResource", &operations::tag_resource},
      {"DELETE", {"tags", "*"}, "UntagResource", &operations::untag_resource},
  };
  return *kBindings;
}

// The first segments of paths of API Gateway's own interface, and of its second
// version under "/v2/". Requests for them are for management, whether or not it
// has the resource.
constexpr std::string_view kResources[] = {
    "account",     "apikeys",
    "domainnames", "clientcertificates",
    "restapis",    "domainnameaccessassociations",
    "sdktypes",    "rejectdomainnameaccessassociations",
    "tags",        "usageplans",
    "vpclinks",
};
constexpr std::string_view kResourcesOfV2[] = {
    "apis", "domainnames", "portalproducts", "portals", "tags", "vpclinks",
};

template <std::size_t kSize>
bool contains(const std::string_view (&names)[kSize], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

bool matches(const std::vector<std::string_view>& path,
             const std::vector<std::string>& segments) {
  return std::equal(path.begin(), path.end(), segments.begin(), segments.end(),
                    [](std::string_view part, const std::string& segment) {
                      return part == "*" ? !segment.empty() : part == segment;
                    });
}

}  // namespace

bool Management::serves(std::string_view target) {
  if (target.empty() || target.front() != '/') return false;
  const std::string_view path = target.substr(1, target.find('?') - 1);
  const std::string_view first = path.substr(0, path.find('/'));
  if (first != "v2") return contains(kResources, first);
  const std::string_view rest =
      path.substr(std::min(path.size(), std::size_t{3}));
  return contains(kResourcesOfV2, rest.substr(0, rest.find('/')));
}

Management::Management(Enforcer* enforcer) : enforcer_(*enforcer) {}

ManagementAnswer Management::answer(const HttpRequest& request,
                                    absl::StatusOr<Target> target,
                                    const Caller& caller) {
  if (!target.ok()) return {"Unknown", status_response(target.status())};
  // One trailing slash is ignored.
  if (target->segments.size() > 1 && target->segments.back().empty()) {
    target->segments.pop_back();
  }
  const std::string_view method =
      request.method == "HEAD" ? std::string_view("GET") : request.method;
  std::vector<std::string> methods;
  for (const Binding& binding : bindings()) {
    if (!matches(binding.path, target->segments)) continue;
    methods.push_back(binding.method);
    if (binding.method != method) continue;
    const OperationRequest operation{enforcer_, request, *target, caller};
    if (binding.answer == &operations::create_api_key &&
        target->parameter("mode") == "import") {
      return {"ImportApiKeys", operations::import_api_keys(operation)};
    }
    return {binding.operation, binding.answer(operation)};
  }
  if (methods.empty()) {
    return {"Unknown",
            error_response(404, "NotFoundException",
                           "No such resource: there are usage plans, API keys, "
                           "usage and tags")};
  }
  HttpResponse response = error_response(
      405, "BadRequestException", "The resource does not have this method");
  response.headers.emplace_back("allow", absl::StrJoin(methods, ", "));
  return {"Unknown", std::move(response)};
}

}  // namespace weir
