// API Gateway's operations on usage plans, keys, usage and tags, over HTTP.

#ifndef WEIR_MANAGEMENT_MANAGEMENT_H_
#define WEIR_MANAGEMENT_MANAGEMENT_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "weir/enforcer/enforcer.h"
#include "weir/http/message.h"
#include "weir/http/target.h"
#include "weir/management/caller.h"

namespace weir {

struct ManagementAnswer {
  // API Gateway's name of the operation, "UpdateUsagePlan"; "Unknown" if there
  // is no such operation. Has static lifetime.
  const char* operation;
  HttpResponse response;
};

// Answers as API Gateway does, byte for byte where its clients depend on it, so
// that the AWS CLI, the SDKs and Terraform work with an enforcer:
//
//   /usageplans                            GET, POST
//   /usageplans/{id}                       GET, PATCH, DELETE
//   /usageplans/{id}/usage                 GET
//   /usageplans/{id}/keys                  GET, POST
//   /usageplans/{id}/keys/{keyId}          GET, DELETE
//   /usageplans/{id}/keys/{keyId}/usage    PATCH
//   /apikeys                               GET, POST (and ?mode=import)
//   /apikeys/{id}                          GET, PATCH, DELETE
//   /tags/{arn}                            GET, PUT, DELETE
//
// Does not check access; but a value that is returned without being asked for
// by a parameter (GetUsagePlanKey's) is omitted if the caller may not see it.
// Blocks, as the enforcer's control plane does, and allocates. *thread-safe*
class Management {
 public:
  // Whether a request is for this interface, judging by its target as sent: it
  // names one of the resources above, or another resource of API Gateway
  // ("/restapis", "/v2/apis"), for which answer() returns an error.
  static bool serves(std::string_view target);

  // REQUIRES: `enforcer` outlives this object.
  explicit Management(Enforcer* enforcer);

  ManagementAnswer answer(const HttpRequest& request,
                          const Caller& caller = Caller()) {
    return answer(request, parse_target(request.target), caller);
  }
  // The same, for callers that have parsed the request's target.
  ManagementAnswer answer(const HttpRequest& request,
                          absl::StatusOr<Target> target, const Caller& caller);

 private:
  Enforcer& enforcer_;
};

}  // namespace weir

#endif  // WEIR_MANAGEMENT_MANAGEMENT_H_
