#include "weir/management/management.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "weir/base/text.h"
#include "weir/http/error_response.h"
#include "weir/http/target.h"
#include "weir/json/json_writer.h"
#include "weir/management/api_key_csv.h"
#include "weir/management/request_bodies.h"
#include "weir/management/status_response.h"
#include "weir/plan/plan_error.h"
#include "weir/plan/plan_json.h"
#include "weir/plan/plan_patch.h"

namespace weir {
namespace {

// The default page size of GetUsage is the maximum, because some clients, such
// as the AWS CLI's get-usage, cannot combine the pages of a map.
constexpr int kUsagePage = 500;

HttpResponse json_response(int status, std::string body) {
  return {status, {{"content-type", "application/json"}}, std::move(body)};
}

// A request with its parsed target, and the operations that answer it.
class Operation {
 public:
  Operation(Enforcer& enforcer, const HttpRequest& request,
            const Target& target, const Caller& caller)
      : enforcer_(enforcer),
        request_(request),
        target_(target),
        caller_(caller) {}

  using Method = HttpResponse (Operation::*)();

  HttpResponse create_usage_plan() {
    auto plan = usage_plan_from_json(
        request_.body.empty() ? std::string_view("{}") : request_.body);
    if (!plan.ok()) return unreadable(plan.status());
    return plan_response(201, enforcer_.create_usage_plan(*plan),
                         TagsMember::kIfAny);
  }

  HttpResponse get_usage_plans() {
    const auto page = page_request();
    if (!page.ok()) return status_response(page.status());
    return list(enforcer_.list_usage_plans(*page, parameter("keyId")),
                [](const v1::UsagePlan& plan, JsonWriter& json) {
                  write_usage_plan(plan, TagsMember::kIfAny, &json);
                });
  }

  HttpResponse get_usage_plan() {
    return plan_response(200, enforcer_.get_usage_plan(plan_id()),
                         TagsMember::kAlways);
  }

  HttpResponse update_usage_plan() {
    const auto operations = operations_from_json(request_.body);
    if (!operations.ok()) return unreadable(operations.status());
    const auto patched = enforcer_.apply_patch(plan_id(), *operations);
    // 400 in place of 429, as waiting does not help.
    if (exceeds_patch_limit(patched.status())) {
      return unreadable(patched.status());
    }
    return plan_response(200, patched, TagsMember::kAlways);
  }

  HttpResponse delete_usage_plan() {
    return accepted(enforcer_.delete_usage_plan(plan_id()));
  }

  HttpResponse create_usage_plan_key() {
    const auto key_id = plan_key_from_json(request_.body);
    if (!key_id.ok()) return unreadable(key_id.status());
    return plan_key_response(
        201, enforcer_.create_usage_plan_key(plan_id(), *key_id));
  }

  HttpResponse get_usage_plan_keys() {
    const auto page = page_request();
    if (!page.ok()) return status_response(page.status());
    auto keys =
        enforcer_.list_usage_plan_keys(plan_id(), *page, parameter("name"));
    // API Gateway answers so for a plan that does not exist.
    if (absl::IsNotFound(keys.status())) keys = Page<v1::UsagePlanKey>();
    return list(keys, write_plan_key);
  }

  HttpResponse get_usage_plan_key() {
    return plan_key_response(200,
                             enforcer_.get_usage_plan_key(plan_id(), key_id()));
  }

  HttpResponse delete_usage_plan_key() {
    return accepted(enforcer_.delete_usage_plan_key(plan_id(), key_id()));
  }

  HttpResponse get_usage() {
    auto page = page_request();
    if (!page.ok()) return status_response(page.status());
    if (page->limit <= 0) page->limit = kUsagePage;
    UsageRequest query;
    query.usage_plan_id = plan_id();
    query.start_date = parameter("startDate");
    query.end_date = parameter("endDate");
    query.key_id = parameter("keyId");
    query.page = *std::move(page);
    return usage_response(enforcer_.get_usage(query));
  }

  HttpResponse update_usage() {
    const auto operations = operations_from_json(request_.body);
    if (!operations.ok()) return unreadable(operations.status());
    return usage_response(
        enforcer_.update_usage(plan_id(), key_id(), *operations));
  }

  HttpResponse create_api_key() {
    const auto key = api_key_from_json(request_.body);
    if (!key.ok()) return unreadable(key.status());
    return key_response(201, enforcer_.create_api_key(*key),
                        /*include_value=*/true, TagsMember::kIfAny);
  }

  HttpResponse import_api_keys() {
    if (parameter("format") != "csv") {
      return status_response(
          absl::InvalidArgumentError("format: expected csv"));
    }
    auto rows = parse_api_key_csv(request_.body);
    if (!rows.ok()) return status_response(rows.status());

    std::map<int, std::string> warnings;  // by line
    std::vector<int> lines;
    std::vector<v1::ApiKey> keys;
    std::vector<std::vector<std::string>> plan_ids;
    const auto warn = [&warnings](int line, const absl::Status& status) {
      warnings.emplace(line,
                       absl::StrCat("line ", line, ": ", aws_message(status)));
    };
    for (ApiKeyRow& row : *rows) {
      if (!row.status.ok()) {
        warn(row.line, row.status);
        continue;
      }
      lines.push_back(row.line);
      keys.push_back(std::move(row.key));
      plan_ids.push_back(std::move(row.plan_ids));
    }
    if (fails_on_warnings() && !warnings.empty()) return refuse(warnings);

    std::vector<absl::Status> skipped;
    const auto ids = enforcer_.import_api_keys(
        keys, plan_ids, fails_on_warnings() ? nullptr : &skipped,
        ExistingKeys::kOverwrite);
    if (!ids.ok()) return status_response(with_line(ids.status(), lines));
    for (std::size_t i = 0; i < skipped.size(); ++i) {
      if (!skipped[i].ok()) warn(lines[i], skipped[i]);
    }
    std::vector<std::string> texts;
    for (auto& [line, text] : warnings) texts.push_back(std::move(text));
    JsonWriter json(JsonStyle::kCompact);
    json.begin_object();
    json.key("ids");
    write_texts(*ids, json);
    json.key("warnings");
    write_texts(texts, json);
    json.end_object();
    return json_response(201, std::move(json).text());
  }

  HttpResponse get_api_keys() {
    const auto page = page_request();
    if (!page.ok()) return status_response(page.status());
    const bool include_values = parameter("includeValues") == "true";
    return list(
        enforcer_.list_api_keys(*page, include_values,
                                {parameter("name"), parameter("customerId")}),
        [&](const v1::ApiKey& key, JsonWriter& json) {
          write_api_key(key, include_values, TagsMember::kIfAny, &json);
        });
  }

  HttpResponse get_api_key() {
    const bool include_value = parameter("includeValue") == "true";
    return key_response(200, enforcer_.get_api_key(api_key(), include_value),
                        include_value, TagsMember::kAlways);
  }

  HttpResponse update_api_key() {
    const auto operations = operations_from_json(request_.body);
    if (!operations.ok()) return unreadable(operations.status());
    return key_response(200, enforcer_.update_api_key(api_key(), *operations),
                        /*include_value=*/false, TagsMember::kAlways);
  }

  HttpResponse delete_api_key() {
    return accepted(enforcer_.delete_api_key(api_key()));
  }

  HttpResponse get_tags() {
    const auto resource = tagged_resource();
    if (!resource.ok()) return status_response(resource.status());
    JsonWriter json(JsonStyle::kCompact);
    json.begin_object();
    json.key("tags");
    if (resource->is_plan) {
      const auto plan = enforcer_.get_usage_plan(resource->id);
      if (!plan.ok()) return status_response(plan.status());
      write_tags(plan->tags(), &json);
    } else {
      const auto key = enforcer_.get_api_key(resource->id);
      if (!key.ok()) return status_response(key.status());
      write_tags(key->tags(), &json);
    }
    json.end_object();
    return json_response(200, std::move(json).text());
  }

  HttpResponse tag_resource() {
    const auto changes = tags_from_json(request_.body);
    if (!changes.ok()) return unreadable(changes.status());
    return change_tags(*changes);
  }

  HttpResponse untag_resource() {
    TagChanges changes;
    for (const auto& [name, value] : target_.parameters) {
      if (name == "tagKeys") changes.remove.push_back(value);
    }
    return change_tags(changes);
  }

 private:
  struct Resource {
    bool is_plan;  // else it is a key
    std::string id;
  };

  const std::string& plan_id() const { return target_.segments[1]; }
  const std::string& key_id() const { return target_.segments[3]; }
  const std::string& api_key() const { return target_.segments[1]; }

  std::string parameter(std::string_view name) const {
    return std::string(target_.parameter(name).value_or(""));
  }
  bool fails_on_warnings() const {
    return parameter("failonwarnings") == "true";
  }

  absl::StatusOr<PageRequest> page_request() const {
    PageRequest page{parameter("position"), 0};
    const std::string text = parameter("limit");
    std::int64_t limit = 0;
    if (!text.empty() && !absl::SimpleAtoi(text, &limit)) {
      return absl::InvalidArgumentError(
          absl::StrCat("limit: expected a whole number, got ", excerpt(text)));
    }
    // A limit above the maximum of a page counts as the maximum.
    page.limit = static_cast<int>(
        std::clamp<std::int64_t>(limit, -1, std::numeric_limits<int>::max()));
    return page;
  }

  // "arn:aws:apigateway:us-east-1::/usageplans/id", with any partition, region
  // and account.
  absl::StatusOr<Resource> tagged_resource() const {
    const std::string& arn = target_.segments[1];
    const std::vector<std::string> parts =
        absl::StrSplit(arn, absl::MaxSplits(':', 5));
    const std::vector<std::string> path =
        absl::StrSplit(parts.back(), '/');  // "", "usageplans", id
    if (parts.size() == 6 && parts[0] == "arn" && parts[2] == "apigateway" &&
        path.size() == 3 && path[0].empty() &&
        (path[1] == "usageplans" || path[1] == "apikeys")) {
      return Resource{path[1] == "usageplans", path[2]};
    }
    return absl::InvalidArgumentError(absl::StrCat(
        "expected the ARN of a usage plan or an API key, got ", excerpt(arn)));
  }

  HttpResponse change_tags(const TagChanges& changes) {
    const auto resource = tagged_resource();
    if (!resource.ok()) return status_response(resource.status());
    const absl::Status status =
        resource->is_plan
            ? enforcer_.tag_usage_plan(resource->id, changes).status()
            : enforcer_.tag_api_key(resource->id, changes).status();
    return status.ok() ? HttpResponse{204, {}, ""} : status_response(status);
  }

  // -- Answers --

  // The answer to a body that cannot be read. It is always 400, also if the
  // body exceeds a limit.
  static HttpResponse unreadable(const absl::Status& status) {
    return error_response(400, "BadRequestException", aws_message(status));
  }

  static HttpResponse accepted(const absl::Status& status) {
    return status.ok() ? HttpResponse{202, {}, ""} : status_response(status);
  }

  // The error of an imported key, with the key's line in place of its index.
  static absl::Status with_line(const absl::Status& error,
                                const std::vector<int>& lines) {
    const std::vector<std::string> parts = absl::StrSplit(
        error.message(), absl::MaxSplits(absl::ByAnyChar("[]"), 2));
    std::size_t i;
    if (parts.size() < 3 || parts[0] != "keys" ||
        !absl::SimpleAtoi(parts[1], &i) || i >= lines.size()) {
      return error;
    }
    return absl::Status(error.code(), absl::StrCat("line ", lines[i], ": ",
                                                   aws_message(error)));
  }

  // The answer to an import of which nothing was done.
  static HttpResponse refuse(const std::map<int, std::string>& warnings) {
    constexpr std::size_t kShown = 8;
    std::string text;
    std::size_t shown = 0;
    for (const auto& [line, warning] : warnings) {
      if (shown == kShown) break;
      absl::StrAppend(&text, shown++ == 0 ? "" : "; ", warning);
    }
    if (shown < warnings.size()) {
      absl::StrAppend(&text, "; and ", warnings.size() - shown, " more");
    }
    return status_response(absl::InvalidArgumentError(text));
  }

  static HttpResponse plan_response(int status,
                                    const absl::StatusOr<v1::UsagePlan>& plan,
                                    TagsMember tags) {
    if (!plan.ok()) return status_response(plan.status());
    JsonWriter json(JsonStyle::kCompact);
    write_usage_plan(*plan, tags, &json);
    return json_response(status, std::move(json).text());
  }

  static HttpResponse key_response(int status,
                                   const absl::StatusOr<v1::ApiKey>& key,
                                   bool include_value, TagsMember tags) {
    if (!key.ok()) return status_response(key.status());
    JsonWriter json(JsonStyle::kCompact);
    write_api_key(*key, include_value, tags, &json);
    return json_response(status, std::move(json).text());
  }

  static void write_plan_key(const v1::UsagePlanKey& key, JsonWriter& json) {
    json.begin_object();
    json.key("id");
    json.string(key.id());
    json.key("type");
    json.string(key.type());
    if (!key.value().empty()) {
      json.key("value");
      json.string(key.value());
    }
    if (!key.name().empty()) {
      json.key("name");
      json.string(key.name());
    }
    json.end_object();
  }

  // Includes the key's value if the caller may see it.
  HttpResponse plan_key_response(int status,
                                 absl::StatusOr<v1::UsagePlanKey> plan_key) {
    if (!plan_key.ok()) return status_response(plan_key.status());
    const auto key = enforcer_.get_api_key(plan_key->id(), !caller_.no_values);
    if (!key.ok()) return status_response(key.status());
    plan_key->set_value(key->value());
    JsonWriter json(JsonStyle::kCompact);
    write_plan_key(*plan_key, json);
    return json_response(status, std::move(json).text());
  }

  static HttpResponse usage_response(const absl::StatusOr<v1::Usage>& usage) {
    if (!usage.ok()) return status_response(usage.status());
    return json_response(200, usage_to_json(*usage));
  }

  static void write_texts(const std::vector<std::string>& texts,
                          JsonWriter& json) {
    json.begin_array();
    for (const std::string& text : texts) {
      if (!text.empty()) json.string(text);  // "" is the id of a skipped key
    }
    json.end_array();
  }

  template <class T, class Write>
  static HttpResponse list(const absl::StatusOr<Page<T>>& page, Write write) {
    if (!page.ok()) return status_response(page.status());
    JsonWriter json(JsonStyle::kCompact);
    json.begin_object();
    if (!page->position.empty()) {
      json.key("position");
      json.string(page->position);
    }
    json.key("item");
    json.begin_array();
    for (const T& item : page->items) write(item, json);
    json.end_array();
    json.end_object();
    return json_response(200, std::move(json).text());
  }

  Enforcer& enforcer_;
  const HttpRequest& request_;
  const Target& target_;
  const Caller& caller_;
};

// Maps a method of a resource to an operation.
struct Binding {
  const char* method;
  std::vector<std::string_view> path;  // "*" is any segment
  const char* operation;
  Operation::Method answer;
};

const std::vector<Binding>& bindings() {
  using O = Operation;
  static const auto* const kBindings = new std::vector<Binding>{
      {"GET", {"usageplans"}, "GetUsagePlans", &O::get_usage_plans},
      {"POST", {"usageplans"}, "CreateUsagePlan", &O::create_usage_plan},
      {"GET", {"usageplans", "*"}, "GetUsagePlan", &O::get_usage_plan},
      {"PATCH", {"usageplans", "*"}, "UpdateUsagePlan", &O::update_usage_plan},
      {"DELETE", {"usageplans", "*"}, "DeleteUsagePlan", &O::delete_usage_plan},
      {"GET", {"usageplans", "*", "usage"}, "GetUsage", &O::get_usage},
      {"GET",
       {"usageplans", "*", "keys"},
       "GetUsagePlanKeys",
       &O::get_usage_plan_keys},
      {"POST",
       {"usageplans", "*", "keys"},
       "CreateUsagePlanKey",
       &O::create_usage_plan_key},
      {"GET",
       {"usageplans", "*", "keys", "*"},
       "GetUsagePlanKey",
       &O::get_usage_plan_key},
      {"DELETE",
       {"usageplans", "*", "keys", "*"},
       "DeleteUsagePlanKey",
       &O::delete_usage_plan_key},
      {"PATCH",
       {"usageplans", "*", "keys", "*", "usage"},
       "UpdateUsage",
       &O::update_usage},
      {"GET", {"apikeys"}, "GetApiKeys", &O::get_api_keys},
      {"POST", {"apikeys"}, "CreateApiKey", &O::create_api_key},
      {"GET", {"apikeys", "*"}, "GetApiKey", &O::get_api_key},
      {"PATCH", {"apikeys", "*"}, "UpdateApiKey", &O::update_api_key},
      {"DELETE", {"apikeys", "*"}, "DeleteApiKey", &O::delete_api_key},
      {"GET", {"tags", "*"}, "GetTags", &O::get_tags},
      {"PUT", {"tags", "*"}, "TagResource", &O::tag_resource},
      {"DELETE", {"tags", "*"}, "UntagResource", &O::untag_resource},
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
    Operation operation(enforcer_, request, *target, caller);
    if (binding.answer == &Operation::create_api_key &&
        target->parameter("mode") == "import") {
      return {"ImportApiKeys", operation.import_api_keys()};
    }
    return {binding.operation, (operation.*binding.answer)()};
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
