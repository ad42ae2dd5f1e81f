// Operations on API keys, one by one.

#include <utility>

#include "absl/status/statusor.h"
#include "weir/enforcer/enforcer.h"
#include "weir/json/json_writer.h"
#include "weir/management/operations.h"
#include "weir/management/request_bodies.h"
#include "weir/management/responses.h"
#include "weir/management/status_response.h"
#include "weir/plan/plan_json.h"
#include "weir/proto/api_key.pb.h"

namespace weir::operations {
namespace {

HttpResponse key_response(int status, const absl::StatusOr<v1::ApiKey>& key,
                          bool include_value, TagsMember tags) {
  if (!key.ok()) return status_response(key.status());
  JsonWriter json(JsonStyle::kCompact);
  write_api_key(*key, include_value, tags, &json);
  return json_response(status, std::move(json).text());
}

}  // namespace

HttpResponse create_api_key(const OperationRequest& request) {
  const auto key = api_key_from_json(request.http.body);
  if (!key.ok()) return unreadable(key.status());
  return key_response(201, request.enforcer.create_api_key(*key),
                      /*include_value=*/true, TagsMember::kIfAny);
}

HttpResponse get_api_keys(const OperationRequest& request) {
  const auto page = request.page();
  if (!page.ok()) return status_response(page.status());
  const bool include_values = request.parameter("includeValues") == "true";
  return list_response(
      request.enforcer.list_api_keys(
          *page, include_values,
          {request.parameter("name"), request.parameter("customerId")}),
      [&](const v1::ApiKey& key, JsonWriter& json) {
        write_api_key(key, include_values, TagsMember::kIfAny, &json);
      });
}

HttpResponse get_api_key(const OperationRequest& request) {
  const bool include_value = request.parameter("includeValue") == "true";
  return key_response(
      200, request.enforcer.get_api_key(request.api_key_id(), include_value),
      include_value, TagsMember::kAlways);
}

HttpResponse update_api_key(const OperationRequest& request) {
  const auto operations = operations_from_json(request.http.body);
  if (!operations.ok()) return unreadable(operations.status());
  return key_response(
      200, request.enforcer.update_api_key(request.api_key_id(), *operations),
      /*include_value=*/false, TagsMember::kAlways);
}

HttpResponse delete_api_key(const OperationRequest& request) {
  return accepted(request.enforcer.delete_api_key(request.api_key_id()));
}

}  // namespace weir::operations
