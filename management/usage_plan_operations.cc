// Operations on usage plans, and on the keys of a plan.

#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/enforcer/enforcer.h"
#include "weir/json/json_writer.h"
#include "weir/management/operations.h"
#include "weir/management/request_bodies.h"
#include "weir/management/responses.h"
#include "weir/management/status_response.h"
#include "weir/plan/plan_json.h"
#include "weir/plan/plan_patch.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir::operations {
namespace {

HttpResponse plan_response(int status,
                           const absl::StatusOr<v1::UsagePlan>& plan,
                           TagsMember tags) {
  if (!plan.ok()) return status_response(plan.status());
  JsonWriter json(JsonStyle::kCompact);
  write_usage_plan(*plan, tags, &json);
  return json_response(status, std::move(json).text());
}

void write_plan_key(const v1::UsagePlanKey& key, JsonWriter& json) {
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
HttpResponse plan_key_response(const OperationRequest& request, int status,
                               absl::StatusOr<v1::UsagePlanKey> plan_key) {
  if (!plan_key.ok()) return status_response(plan_key.status());
  const auto key =
      request.enforcer.get_api_key(plan_key->id(), !request.caller.no_values);
  if (!key.ok()) return status_response(key.status());
  plan_key->set_value(key->value());
  JsonWriter json(JsonStyle::kCompact);
  write_plan_key(*plan_key, json);
  return json_response(status, std::move(json).text());
}

}  // namespace

HttpResponse create_usage_plan(const OperationRequest& request) {
  auto plan = usage_plan_from_json(
      request.http.body.empty() ? std::string_view("{}") : request.http.body);
  if (!plan.ok()) return unreadable(plan.status());
  return plan_response(201, request.enforcer.create_usage_plan(*plan),
                       TagsMember::kIfAny);
}

HttpResponse get_usage_plans(const OperationRequest& request) {
  const auto page = request.page();
  if (!page.ok()) return status_response(page.status());
  return list_response(
      request.enforcer.list_usage_plans(*page, request.parameter("keyId")),
      [](const v1::UsagePlan& plan, JsonWriter& json) {
        write_usage_plan(plan, TagsMember::kIfAny, &json);
      });
}

HttpResponse get_usage_plan(const OperationRequest& request) {
  return plan_response(200, request.enforcer.get_usage_plan(request.plan_id()),
                       TagsMember::kAlways);
}

HttpResponse update_usage_plan(const OperationRequest& request) {
  const auto operations = operations_from_json(request.http.body);
  if (!operations.ok()) return unreadable(operations.status());
  const auto patched =
      request.enforcer.apply_patch(request.plan_id(), *operations);
  // 400 in place of 429, as waiting does not help.
  if (exceeds_patch_limit(patched.status())) {
    return unreadable(patched.status());
  }
  return plan_response(200, patched, TagsMember::kAlways);
}

HttpResponse delete_usage_plan(const OperationRequest& request) {
  return accepted(request.enforcer.delete_usage_plan(request.plan_id()));
}

HttpResponse create_usage_plan_key(const OperationRequest& request) {
  const auto key_id = plan_key_from_json(request.http.body);
  if (!key_id.ok()) return unreadable(key_id.status());
  return plan_key_response(
      request, 201,
      request.enforcer.create_usage_plan_key(request.plan_id(), *key_id));
}

HttpResponse get_usage_plan_keys(const OperationRequest& request) {
  const auto page = request.page();
  if (!page.ok()) return status_response(page.status());
  auto keys = request.enforcer.list_usage_plan_keys(request.plan_id(), *page,
                                                    request.parameter("name"));
  // API Gateway answers so for a plan that does not exist.
  if (absl::IsNotFound(keys.status())) keys = Page<v1::UsagePlanKey>();
  return list_response(keys, write_plan_key);
}

HttpResponse get_usage_plan_key(const OperationRequest& request) {
  return plan_key_response(
      request, 200,
      request.enforcer.get_usage_plan_key(request.plan_id(), request.key_id()));
}

HttpResponse delete_usage_plan_key(const OperationRequest& request) {
  return accepted(request.enforcer.delete_usage_plan_key(request.plan_id(),
                                                         request.key_id()));
}

}  // namespace weir::operations
