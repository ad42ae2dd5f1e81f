// The part of API Gateway's management interface that a gateway's operator
// needs: reading and patching a plan and its usage.

#ifndef WEIR_EXAMPLES_GATEWAY_MANAGEMENT_H_
#define WEIR_EXAMPLES_GATEWAY_MANAGEMENT_H_

#include <map>
#include <string>
#include <string_view>

#include "enforcer/enforcer.h"
#include "gateway/route_table.h"

namespace weir {

struct ManagementRequest {
  std::string method;
  std::string path;  // decoded, without the query
  std::multimap<std::string, std::string> parameters;
  std::string_view body;
};

// `body` is JSON; `error_type` is the `x-amzn-ErrorType` header, "" on success.
struct ManagementReply {
  int status = 200;
  std::string body;
  std::string error_type;
};

// Answers, in the words of API Gateway,
//   GET   /usageplans/{id}
//   PATCH /usageplans/{id}
//   GET   /usageplans/{id}/usage?startDate&endDate&keyId&position&limit
//   PATCH /usageplans/{id}/keys/{keyId}/usage
// and anything else with 404. Thread-safe.
ManagementReply manage(Enforcer& enforcer, LiveRoutes& routes,
                       const ManagementRequest& request);

}  // namespace weir

#endif  // WEIR_EXAMPLES_GATEWAY_MANAGEMENT_H_
