// API Gateway's operations on usage plans, keys, usage and tags, over HTTP.

#ifndef WEIR_MANAGEMENT_MANAGEMENT_H_
#define WEIR_MANAGEMENT_MANAGEMENT_H_

#include <functional>
#include <string_view>

#include "absl/status/status.h"
#include "enforcer/enforcer.h"
#include "enforcer/mutex.h"
#include "http/message.h"
#include "management/caller.h"
#include "proto/usage_plan.pb.h"

namespace weir {

struct ManagementOptions {
  // As the enforcer has it.
  QuotaOffset quota_offset = QuotaOffset::kRequests;
  // Called with a plan that is about to be created, or that a patch is about to
  // lead to; an error refuses the change. Default: nothing is asked.
  std::function<absl::Status(const v1::UsagePlan& plan)> before_plan_change;
  // Called with the id of a plan that was created, patched or deleted, before
  // the client hears of it. From the one call to the other, this interface
  // changes no other plan.
  std::function<void(std::string_view plan_id)> after_plan_change;
};

struct ManagementAnswer {
  // What was asked for, as API Gateway calls it: "UpdateUsagePlan"; "Unknown"
  // if there is no such operation. Static.
  const char* operation;
  HttpResponse response;
};

// Answers as API Gateway does, byte for byte where its clients look, so that
// the AWS CLI, the SDKs and Terraform work with an enforcer:
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
// Whether the caller may, is not asked here; but a value that no caller asks
// for by a parameter (GetUsagePlanKey's) is left out if this one may not see
// it. Blocks, as the enforcer's control plane does, and allocates.
// *thread-safe*
class Management {
 public:
  // Whether a request is for this interface, going by its target as it was
  // sent: for one of the above, or for another resource of API Gateway's
  // ("/restapis", "/v2/apis"), which answer() says it does not have.
  static bool serves(std::string_view target);

  // REQUIRES: `enforcer` outlives this object.
  explicit Management(Enforcer* enforcer, ManagementOptions options = {});

  ManagementAnswer answer(const HttpRequest& request,
                          const Caller& caller = Caller());

 private:
  Enforcer& enforcer_;
  const ManagementOptions options_;
  Mutex plan_changes_;  // held by whoever makes one
};

}  // namespace weir

#endif  // WEIR_MANAGEMENT_MANAGEMENT_H_
