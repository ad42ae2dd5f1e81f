// The operations of the management interface, one function for each.

#ifndef WEIR_MANAGEMENT_OPERATIONS_H_
#define WEIR_MANAGEMENT_OPERATIONS_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "weir/enforcer/enforcer.h"
#include "weir/http/message.h"
#include "weir/http/target.h"
#include "weir/management/caller.h"

namespace weir {

// A request with its parsed target, whose path has the form of the operation's.
struct OperationRequest {
  Enforcer& enforcer;
  const HttpRequest& http;
  const Target& target;
  const Caller& caller;

  // Of "/usageplans/{plan_id}/keys/{key_id}" and "/apikeys/{api_key_id}".
  const std::string& plan_id() const { return target.segments[1]; }
  const std::string& key_id() const { return target.segments[3]; }
  const std::string& api_key_id() const { return target.segments[1]; }

  // "" if there is none.
  std::string parameter(std::string_view name) const;
  // Which page of a list is wanted.
  absl::StatusOr<PageRequest> page() const;
};

namespace operations {

// usage_plan_operations.cc
HttpResponse create_usage_plan(const OperationRequest& request);
HttpResponse get_usage_plans(const OperationRequest& request);
HttpResponse get_usage_plan(const OperationRequest& request);
HttpResponse update_usage_plan(const OperationRequest& request);
HttpResponse delete_usage_plan(const OperationRequest& request);
HttpResponse create_usage_plan_key(const OperationRequest& request);
HttpResponse get_usage_plan_keys(const OperationRequest& request);
HttpResponse get_usage_plan_key(const OperationRequest& request);
HttpResponse delete_usage_plan_key(const OperationRequest& request);

// usage_operations.cc
HttpResponse get_usage(const OperationRequest& request);
HttpResponse update_usage(const OperationRequest& request);

// api_key_operations.cc
HttpResponse create_api_key(const OperationRequest& request);
HttpResponse get_api_keys(const OperationRequest& request);
HttpResponse get_api_key(const OperationRequest& request);
HttpResponse update_api_key(const OperationRequest& request);
HttpResponse delete_api_key(const OperationRequest& request);

// import_operation.cc
HttpResponse import_api_keys(const OperationRequest& request);

// tag_operations.cc
HttpResponse get_tags(const OperationRequest& request);
HttpResponse tag_resource(const OperationRequest& request);
HttpResponse untag_resource(const OperationRequest& request);

}  // namespace operations
}  // namespace weir

#endif  // WEIR_MANAGEMENT_OPERATIONS_H_
