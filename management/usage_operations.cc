// Operations on usage.

#include <utility>

#include "absl/status/statusor.h"
#include "weir/enforcer/enforcer.h"
#include "weir/management/operations.h"
#include "weir/management/request_bodies.h"
#include "weir/management/responses.h"
#include "weir/management/status_response.h"
#include "weir/plan/plan_json.h"
#include "weir/proto/usage.pb.h"

namespace weir::operations {
namespace {

// The default page size of GetUsage is the maximum, because some clients, such
// as the AWS CLI's get-usage, cannot combine the pages of a map.
constexpr int kUsagePage = 500;

HttpResponse usage_response(const absl::StatusOr<v1::Usage>& usage) {
  if (!usage.ok()) return status_response(usage.status());
  return json_response(200, usage_to_json(*usage));
}

}  // namespace

HttpResponse get_usage(const OperationRequest& request) {
  auto page = request.page();
  if (!page.ok()) return status_response(page.status());
  if (page->limit <= 0) page->limit = kUsagePage;
  UsageRequest query;
  query.usage_plan_id = request.plan_id();
  query.start_date = request.parameter("startDate");
  query.end_date = request.parameter("endDate");
  query.key_id = request.parameter("keyId");
  query.page = *std::move(page);
  return usage_response(request.enforcer.get_usage(query));
}

HttpResponse update_usage(const OperationRequest& request) {
  const auto operations = operations_from_json(request.http.body);
  if (!operations.ok()) return unreadable(operations.status());
  return usage_response(request.enforcer.update_usage(
      request.plan_id(), request.key_id(), *operations));
}

}  // namespace weir::operations
