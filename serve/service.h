// What `weir serve` answers: gateway, management, health, numbers and a page.

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
#include "enforcer/clock.h"
#include "enforcer/enforcer.h"
#include "gateway/authorizer.h"
#include "gateway/gateway.h"
#include "gateway/request_counters.h"
#include "gateway/route_table.h"
#include "gateway/trusted_peers.h"
#include "http/message.h"
#include "http/server_statistics.h"
#include "management/access.h"
#include "management/authentication.h"
#include "management/management.h"
#include "serve/access_log.h"
#include "serve/management_counters.h"
#include "serve/refused_keys.h"

namespace weir {

struct ServiceOptions {
  // Whose clock says how old a count on disk is. Default: a SystemClock.
  std::shared_ptr<Clock> clock;
  // As the enforcer has it.
  QuotaOffset quota_offset = QuotaOffset::kRequests;
  // nullptr: without credentials; see Access.
  std::shared_ptr<const Authentication> authentication;
  // Its observers are the service's to set.
  GatewayOptions gateway;
  // Who may ask about the requests of others: see Authorizer.
  TrustedPeers trusted = TrustedPeers::loopback();
  // What the gateway answers is written to it. nullptr: there is none.
  std::shared_ptr<AccessLog> access_log;
  // Whether `answer()` has the gateway; otherwise `answer_gateway()` alone.
  bool gateway_beside_management = true;
  // How old the last sync to the store may be before the service is unwell; 0:
  // nothing is synced.
  absl::Duration max_sync_age = absl::ZeroDuration();
  // For how long a call of the control plane may make no progress before the
  // service is unwell: its disk does not answer, most likely.
  absl::Duration max_stalled_call = absl::Seconds(10);
  // For /metrics: which version this is; what the HTTP servers count, together
  // (default, and while there is none: not shown).
  std::string version;
  std::function<std::optional<HttpServerStatistics>()> http;
};

// Answers whole requests, apart from any connection:
//
//   /usageplans, /apikeys, /tags   management: see Management, Access
//   /restapis, /account, ...       404: API Gateway's, too, but not this one's
//   /healthz                       200, or 503 if counts do not reach the disk,
//                                  or a call of the management is stuck
//   /metrics                       for Prometheus; needs no credentials
//   /-/authorize/{apiId}/{stage}   for proxies that ask: see Authorizer
//   /-/refused-keys                for whoever may read: see RefusedKeys
//   /                              a page for people; it has no data of its own
//   /{apiId}/{stage}/...           the gateway: see Gateway
//
// Those two never wait, for the control plane or a disk.
//
// *thread-safe*, but for construction and destruction.
class Service {
 public:
  // The errors are those of LiveRoutes::load_all(). REQUIRES: `enforcer`
  // outlives the service, and nobody else changes its plans.
  static absl::StatusOr<std::unique_ptr<Service>> create(
      Enforcer* enforcer, ServiceOptions options);

  HttpResponse answer(const HttpRequest& request);
  // The gateway and the authorizer, and nothing else.
  HttpResponse answer_gateway(const HttpRequest& request);

  // How an HTTP server treats requests to answer(), and to answer_gateway().
  // What the gateway decides, health, numbers and files are answered from the
  // head alone: none of them blocks. So is management, without being reached,
  // for whoever may not use it: strangers' bodies are not read.
  HttpTreatment treat(const HttpRequest& head) const;
  HttpTreatment treat_gateway(const HttpRequest& head) const;

  // Makes an answer that is not the service's, as it was not asked, one that
  // pages can read if they can read the gateway's.
  void complete_refusal(const HttpRequest& request,
                        HttpResponse& response) const {
    gateway_.add_cors_headers(request, response);
  }

  // The stages of the plans that there are that `answer()` gives no request to,
  // each as a line for people: see check_reachable(), which refuses new ones.
  std::vector<std::string> unreachable_stages() const;

 private:
  Service(Enforcer* enforcer, ServiceOptions options);

  HttpResponse answer_management(const HttpRequest& request);
  HttpResponse answer_refused_keys(const HttpRequest& request);
  HttpResponse health() const;
  HttpResponse metrics() const;

  Enforcer& enforcer_;
  const std::shared_ptr<Clock> clock_;
  const int64_t started_;  // by the clock's monotonic time
  const bool has_gateway_;
  const absl::Duration max_sync_age_;
  const absl::Duration max_stalled_call_;
  const Access access_;
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
