// Requests to the APIs: decided, and passed on if they are admitted.

#ifndef WEIR_GATEWAY_GATEWAY_H_
#define WEIR_GATEWAY_GATEWAY_H_

#include <memory>

#include "enforcer/enforcer.h"
#include "enforcer/http_response.h"
#include "gateway/request_counters.h"
#include "gateway/route_table.h"
#include "gateway/upstream.h"
#include "http/message.h"

namespace weir {

struct GatewayOptions {
  // How clients are told what is left. API Gateway itself tells them nothing.
  HeaderFormat headers = HeaderFormat::kIetfDraft10;
};

// Answers `/{apiId}/{stage}/...` as API Gateway does where every method needs a
// key: the one in `x-api-key`.
//
//   403 {"message":"Forbidden"}           no key, an unknown or disabled one,
//                                         two of them, or not for this stage;
//                                         any other target (see StageTarget)
//   429 {"message":"Too Many Requests"}   throttled
//   429 {"message":"Limit Exceeded"}      over quota
//
// What is admitted, the upstream answers; without one, a 200 says that there is
// none. Every answer has an x-amzn-requestid, every error an x-amzn-errortype.
//
// Blocks as long as the upstream takes, and otherwise does not lock.
// *thread-safe*
class Gateway {
 public:
  // `upstream` may be null. REQUIRES: the others outlive this object.
  Gateway(Enforcer* enforcer, const LiveRoutes* routes,
          RequestCounters* counters, std::unique_ptr<Upstream> upstream,
          const GatewayOptions& options = {});

  HttpResponse answer(const HttpRequest& request);

 private:
  Enforcer& enforcer_;
  const LiveRoutes& routes_;
  RequestCounters& counters_;
  const std::unique_ptr<Upstream> upstream_;
  const GatewayOptions options_;
};

}  // namespace weir

#endif  // WEIR_GATEWAY_GATEWAY_H_
