// What `weir serve` answers: gateway, management, health, metrics and a page.

#ifndef WEIR_SERVE_SERVICE_H_
#define WEIR_SERVE_SERVICE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "weir/base/clock.h"
#include "weir/enforcer/enforcer.h"
#include "weir/gateway/authorizer.h"
#include "weir/gateway/gateway.h"
#include "weir/gateway/live_routes.h"
#include "weir/gateway/request_counters.h"
#include "weir/gateway/trusted_peers.h"
#include "weir/http/message.h"
#include "weir/http/server_statistics.h"
#include "weir/management/access.h"
#include "weir/management/authentication.h"
#include "weir/management/management.h"
#include "weir/serve/access_log.h"
#include "weir/serve/management_counters.h"
#include "weir/serve/own_paths.h"
#include "weir/serve/refused_keys.h"

namespace weir {

struct ServiceOptions {
  // Measures how old the last sync is. Default: a SystemClock.
  std::shared_ptr<Clock> clock;
  // nullptr means no credentials; see Access.
  std::shared_ptr<const Authentication> authentication;
  // The service sets its observers and its clock.
  GatewayOptions gateway;
  // Who may ask about the requests of others: see Authorizer.
  TrustedPeers trusted = TrustedPeers::loopback();
  // Receives what the gateway answers. nullptr means no log.
  std::shared_ptr<AccessLog> access_log;
  // Whether `answer()` includes the gateway; otherwise only `answer_gateway()`
  // does.
  bool gateway_beside_management = true;
  // The maximum age of the last sync to the store before the service is
  // unhealthy. 0: nothing is synced.
  absl::Duration max_sync_age = absl::ZeroDuration();
  // How long a call of the control plane may make no progress before the
  // service is unhealthy: most likely its disk does not respond.
  absl::Duration max_stalled_call = absl::Seconds(10);
  // For /metrics: the program's version, and the combined statistics of the
  // HTTP servers (by default, and while it returns nullopt, not shown).
  std::string version;
  std::function<std::optional<HttpServerStatistics>()> http;
};

// Answers whole requests, independently of connections:
//
//   /usageplans, /apikeys, /tags   management: see Management, Access
//   /restapis, /account, ...       404: API Gateway's resources, not supported
//   /healthz                       200, or 503 if counts do not reach the disk,
//                                  or a call of the control plane is stuck
//   /metrics                       for Prometheus; needs no credentials
//   /-/authorize/{apiId}/{stage}   for proxies that ask: see Authorizer
//   /-/refused-keys                for callers that may read: see RefusedKeys
//   /                              a page for people; it has no data of its own
//   /{apiId}/{stage}/...           the gateway: see Gateway
//
// /healthz and /metrics never wait for the control plane or a disk.
//
// *thread-safe*, except construction and destruction.
class Service {
 public:
  // The errors are those of LiveRoutes::follow(). Others may change the
  // enforcer's plans: the service follows, and refuses what it could not serve.
  // REQUIRES: `enforcer` outlives the service.
  static absl::StatusOr<std::unique_ptr<Service>> create(
      Enforcer* enforcer, ServiceOptions options);

  HttpResponse answer(const HttpRequest& request);
  // Answers for the gateway and the authorizer only.
  HttpResponse answer_gateway(const HttpRequest& request);

  // How an HTTP server treats requests to answer(), and to answer_gateway().
  // The gateway's decisions, health, metrics and files need only the head and
  // do not block. Requests to management without access are refused from the
  // head, too: their bodies are not read.
  HttpTreatment treat(const HttpRequest& head) const;
  HttpTreatment treat_gateway(const HttpRequest& head) const;

  // Adds CORS headers to an answer that the HTTP server gave without calling
  // the service, so that pages that can read the gateway's answers can read it.
  void complete_refusal(const HttpRequest& request,
                        HttpResponse& response) const {
    gateway_.add_cors_headers(request, response);
  }

  // The stages of existing plans that no request to `answer()` can reach, each
  // as a human-readable line. New ones are refused: see OwnPathsGuard.
  std::vector<std::string> unreachable_stages() const;

 private:
  Service(Enforcer* enforcer, ServiceOptions options);

  HttpResponse answer_management(const HttpRequest& request);
  HttpResponse answer_refused_keys(const HttpRequest& request);
  HttpResponse health() const;
  HttpResponse metrics() const;

  Enforcer& enforcer_;
  const std::shared_ptr<Clock> clock_;
  const int64_t started_;  // in the clock's monotonic time
  const bool has_gateway_;
  const absl::Duration max_sync_age_;
  const absl::Duration max_stalled_call_;
  const Access access_;
  const std::unique_ptr<OwnPathsGuard> own_paths_guard_;  // or null
  LiveRoutes routes_;
  const std::string version_;
  const std::function<std::optional<HttpServerStatistics>()> http_;
  RequestCounters request_counters_;
  const std::shared_ptr<AccessLog> access_log_;  // or null
  RefusedKeys refused_keys_;
  ManagementCounters management_counters_;
  Gateway gateway_;
  Authorizer authorizer_;
  Management management_;
};

}  // namespace weir

#endif  // WEIR_SERVE_SERVICE_H_
