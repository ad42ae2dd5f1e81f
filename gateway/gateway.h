// Requests to the APIs: decided and answered.

#ifndef WEIR_GATEWAY_GATEWAY_H_
#define WEIR_GATEWAY_GATEWAY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "enforcer/clock.h"
#include "enforcer/decision.h"
#include "enforcer/enforcer.h"
#include "enforcer/http_response.h"
#include "gateway/client_request.h"
#include "gateway/cors.h"
#include "gateway/request_counters.h"
#include "gateway/request_observer.h"
#include "gateway/route_table.h"
#include "gateway/stage_target.h"
#include "http/message.h"

namespace weir {

struct GatewayOptions {
  // How clients are told what is left, and when to come back. API Gateway
  // itself tells them nothing. `added_wait` is drawn for each answer, from 0 to
  // `spread_retries` seconds, so that clients whose quotas end at one midnight
  // do not all come back at it.
  RateLimitHeaderOptions headers;
  int64_t spread_retries = 0;
  // Which APIs the pages of which other origins may use.
  CorsRules cors;
  // Told of every request, and of those alone that are refused. nullptr:
  // nobody; then there is no cost. They outlive the gateway.
  RequestObserver* observer = nullptr;
  RequestObserver* refusal_observer = nullptr;
  // Says when requests come, for observers. REQUIRES: there is one if there is
  // an observer, and it outlives the gateway.
  Clock* clock = nullptr;
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
// What is admitted is answered with a fixed 200. Every answer has an
// x-amzn-requestid, every error an x-amzn-errortype.
// For an API with origins, OPTIONS without a key is answered 204 and counts
// nowhere, and pages of these origins can read all answers.
//
// Neither locks nor blocks. *thread-safe*
class Gateway {
 public:
  // REQUIRES: the others outlive this object.
  Gateway(Enforcer* enforcer, const LiveRoutes* routes,
          RequestCounters* counters, const GatewayOptions& options = {});

  HttpResponse answer(const HttpRequest& request);

  // What a proxy is to do with the request of its client: the same, but that it
  // is 200 without a body where the request may pass, OPTIONS without a key
  // among them.
  HttpResponse authorize(const ClientRequest& request);

  // Makes `response`, somebody else's answer to the request, one that pages can
  // read as they can read answer()'s.
  void add_cors_headers(const HttpRequest& request,
                        HttpResponse& response) const;

 private:
  // Who is answered: its client, or a proxy that is to answer its own.
  enum class Asker { kClient, kProxy };

  HttpResponse answer(const ClientRequest& request, Asker asker);
  // Once the enforcer has decided.
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
