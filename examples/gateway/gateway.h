// A small API gateway: what it takes to put an enforcer behind HTTP.

#ifndef WEIR_EXAMPLES_GATEWAY_GATEWAY_H_
#define WEIR_EXAMPLES_GATEWAY_GATEWAY_H_

#include <httplib.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "enforcer/clock.h"
#include "enforcer/enforcer.h"
#include "enforcer/http_response.h"
#include "examples/gateway/request_counters.h"
#include "gateway/route_table.h"
#include "management/management.h"
#include "proto/api_key.pb.h"
#include "proto/usage_plan.pb.h"

namespace weir {

struct SmallGatewayOptions {
  int port = 0;  // on 127.0.0.1; 0: any
  int threads = 16;
  HeaderFormat headers = HeaderFormat::kIetfDraft10;
  std::shared_ptr<Clock> clock;  // default: the system's
};

// Serves HTTP on the loopback interface, from construction to destruction:
//   /{apiId}/{stage}/...          requests, decided by the key in `x-api-key`
//   /usageplans, /apikeys, /tags  management: see Management
//   GET /-/metrics                counts of requests: see KeyCounters
// *thread-safe*
class SmallGateway {
 public:
  // Starts with one plan and the keys that are associated with it. Errors are
  // the enforcer's; Unavailable if the port is taken.
  static absl::StatusOr<std::unique_ptr<SmallGateway>> start(
      const v1::UsagePlan& plan, absl::Span<const v1::ApiKey> keys,
      const SmallGatewayOptions& options = {});

  // Answers the requests in progress first. Waits for silent clients, but no
  // longer than 5 seconds.
  ~SmallGateway();
  SmallGateway(const SmallGateway&) = delete;
  SmallGateway& operator=(const SmallGateway&) = delete;

  int port() const { return port_; }
  const std::string& plan_id() const { return plan_id_; }

  // False if it stopped serving of itself: the system took its socket away.
  bool serving() const { return serving_; }

 private:
  SmallGateway(std::unique_ptr<Enforcer> enforcer, const v1::UsagePlan& plan,
               absl::Span<const v1::ApiKey> keys, HeaderFormat headers);

  absl::Status listen(const SmallGatewayOptions& options);
  void answer(const httplib::Request& request, std::string_view body,
              httplib::Response& response);
  void answer_call(const httplib::Request& request,
                   httplib::Response& response);

  const std::unique_ptr<Enforcer> enforcer_;
  const std::string plan_id_;
  const HeaderFormat headers_;
  LiveRoutes routes_;
  Management management_;
  KeyCounters counters_;

  httplib::Server server_;
  int port_ = -1;
  std::atomic<bool> serving_{false};
  std::thread acceptor_;
};

}  // namespace weir

#endif  // WEIR_EXAMPLES_GATEWAY_GATEWAY_H_
