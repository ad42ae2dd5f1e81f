// Operations on tags.

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "weir/base/text.h"
#include "weir/enforcer/enforcer.h"
#include "weir/json/json_writer.h"
#include "weir/management/operations.h"
#include "weir/management/request_bodies.h"
#include "weir/management/responses.h"
#include "weir/management/status_response.h"
#include "weir/plan/plan_json.h"

namespace weir::operations {
namespace {

struct Resource {
  bool is_plan;  // else it is a key
  std::string id;
};

// "arn:aws:apigateway:us-east-1::/usageplans/id", with any partition, region
// and account.
absl::StatusOr<Resource> tagged_resource(const OperationRequest& request) {
  const std::string& arn = request.target.segments[1];
  const std::vector<std::string> parts =
      absl::StrSplit(arn, absl::MaxSplits(':', 5));
  const std::vector<std::string> path =
      absl::StrSplit(parts.back(), '/');  // "", "usageplans", id
  if (parts.size() == 6 && parts[0] == "arn" && parts[2] == "apigateway" &&
      path.size() == 3 && path[0].empty() &&
      (path[1] == "usageplans" || path[1] == "apikeys")) {
    return Resource{path[1] == "usageplans", path[2]};
  }
  return absl::InvalidArgumentError(
      absl::StrCat("expected the ARN of a usage plan or an API key, got ",
                   internal::excerpt(arn)));
}

HttpResponse change_tags(const OperationRequest& request,
                         const TagChanges& changes) {
  const auto resource = tagged_resource(request);
  if (!resource.ok()) return status_response(resource.status());
  const absl::Status status =
      resource->is_plan
          ? request.enforcer.tag_usage_plan(resource->id, changes).status()
          : request.enforcer.tag_api_key(resource->id, changes).status();
  return status.ok() ? HttpResponse{204, {}, ""} : status_response(status);
}

}  // namespace

HttpResponse get_tags(const OperationRequest& request) {
  const auto resource = tagged_resource(request);
  if (!resource.ok()) return status_response(resource.status());
  JsonWriter json(JsonStyle::kCompact);
  json.begin_object();
  json.key("tags");
  if (resource->is_plan) {
    const auto plan = request.enforcer.get_usage_plan(resource->id);
    if (!plan.ok()) return status_response(plan.status());
    write_tags(plan->tags(), &json);
  } else {
    const auto key = request.enforcer.get_api_key(resource->id);
    if (!key.ok()) return status_response(key.status());
    write_tags(key->tags(), &json);
  }
  json.end_object();
  return json_response(200, std::move(json).text());
}

HttpResponse tag_resource(const OperationRequest& request) {
  const auto changes = tags_from_json(request.http.body);
  if (!changes.ok()) return unreadable(changes.status());
  return change_tags(request, *changes);
}

HttpResponse untag_resource(const OperationRequest& request) {
  TagChanges changes;
  for (const auto& [name, value] : request.target.parameters) {
    if (name == "tagKeys") changes.remove.push_back(value);
  }
  return change_tags(request, changes);
}

}  // namespace weir::operations
