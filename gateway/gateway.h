// Decides on and answers requests to the APIs.

#ifndef WEIR_GATEWAY_GATEWAY_H_
#define WEIR_GATEWAY_GATEWAY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "weir/base/clock.h"
#include "weir/enforcer/decision.h"
#include "weir/enforcer/enforcer.h"
#include "weir/enforcer/http_response.h"
#include "weir/gateway/client_request.h"
#include "weir/gateway/cors.h"
#include "weir/gateway/live_routes.h"
#include "weir/gateway/request_counters.h"
#include "weir/gateway/request_observer.h"
#include "weir/gateway/stage_target.h"
#include "weir/http/message.h"

namespace weir {

struct GatewayOptions {
  // How clients are told what is left, and when to retry. API Gateway itself
  // tells them nothing. `added_wait` is drawn at random for each answer, from 0
  // to `spread_retries` seconds, so that clients whose quotas reset at the same
  // midnight do not all retry then.
  RateLimitHeaderOptions headers;
  int64_t spread_retries = 0;
  // Which other origins' pages may use which APIs.
  CorsRules cors;
  // Called for every request, and only for refused ones. nullptr means none,
  // which costs nothing. They must outlive the gateway.
  RequestObserver* observer = nullptr;
  RequestObserver* refusal_observer = nullptr;
  // Gives requests' arrival times to observers. REQUIRES: set if there is an
  // observer, and outlives the gateway.
  Clock* clock = nullptr;
};

// Answers `/{apiId}/{stage}/...` as API Gateway does where every method needs a
// key: the one in `x-api-key`.
//
//   403 {"message":"Forbidden"}           no key, an unknown or disabled one,
//                                         two keys, or not for this stage;
//                                         any other target (see StageTarget)
//   429 {"message":"Too Many Requests"}   throttled
//   429 {"message":"Limit Exceeded"}      over quota
//
// Admitted requests get a fixed 200. Every answer has an x-amzn-requestid,
// every error an x-amzn-errortype. For an API with origins, OPTIONS without a
// key is answered with 204 and not counted, and pages of these origins can read
// all answers.
//
// Neither locks nor blocks. *thread-safe*
class Gateway {
 public:
  // REQUIRES: `enforcer`, `routes` and `counters` outlive this object.
  Gateway(Enforcer* enforcer, const LiveRoutes* routes,
          RequestCounters* counters, const GatewayOptions& options = {});

  HttpResponse answer(const HttpRequest& request);

  // The answer to a proxy that asks about its client's request: the same,
  // except that it is 200 without a body if the request may pass. That includes
  // OPTIONS without a key.
  HttpResponse authorize(const ClientRequest& request);

  // Adds CORS headers to `response`, an answer that was not made by answer(),
  // so that pages can read it as they can read answer()'s.
  void add_cors_headers(const HttpRequest& request,
                        HttpResponse& response) const;

 private:
  // Who receives the answer: the client itself, or a proxy.
  enum class Asker { kClient, kProxy };

  HttpResponse answer(const ClientRequest& request, Asker asker);
  // Asks the enforcer for a decision and answers accordingly.
  HttpResponse answer_decided(const ClientRequest& request,
                              const std::optional<StageTarget>& target,
                              Asker asker);
  void add_rate_limit_headers(const Decision& decision,
                              HttpHeaders& headers) const;
  void report(AnsweredRequest& answered, std::string_view api_key) const;

  Enforcer& enforcer_;
  const LiveRoutes& routes_;
  RequestCounters& counters_;
  const GatewayOptions options_;
  const std::string exposed_headers_;
};

}  // namespace weir

#endif  // WEIR_GATEWAY_GATEWAY_H_
