// The server behind the gateway.

#ifndef WEIR_GATEWAY_UPSTREAM_H_
#define WEIR_GATEWAY_UPSTREAM_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gateway/stage_target.h"
#include "gateway/upstream_counters.h"
#include "http/message.h"

namespace weir {

struct UpstreamOptions {
  absl::Duration connect_timeout = absl::Seconds(5);
  // From the first byte sent to the last one received: as long as API Gateway
  // waits.
  absl::Duration timeout = absl::Seconds(29);
  size_t max_body_bytes = 10 << 20;
  // Of an answer's headers, all together; what API Gateway allows.
  size_t max_header_bytes = 10240;
  // Kept open for the next requests; more are opened as needed.
  int max_idle_connections = 64;
};

// Forwards requests by HTTP/1.1, and brings back the answers. *thread-safe*
class Upstream {
 public:
  // `url` is "http://host:port/base" or https; certificates are verified with
  // the system's authorities. Does not connect. InvalidArgument for another
  // scheme, a user, a query or a fragment.
  static absl::StatusOr<std::unique_ptr<Upstream>> create(
      std::string_view url, const UpstreamOptions& options = {});
  ~Upstream();
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  // Sends the request's method, headers and body to the URL with `target`'s
  // path appended, as it was sent, and its query. REQUIRES: `target` is that of
  // the request.
  //
  // Of the headers, those that are for one connection (see
  // end_to_end_headers()), Host and `x-api-key` stay here: the key is a secret
  // between the client and the gateway. X-Forwarded-For, -Proto and -Host say
  // who asked for what; what the client says of this itself is kept only where
  // the peer's address comes after it, and Forwarded is not passed on.
  //
  // The answer is the upstream's with its status, its end-to-end headers but
  // Date, and its body; with the Content-Length of one that it leaves out, as
  // answers to HEAD and 304s do. Redirects are the client's to follow. As API
  // Gateway words them, 504 "Endpoint request timed out" after the timeout, and
  // 502 "Internal server error" if no whole answer within the bounds comes:
  // the request may have been carried out nevertheless. Blocks.
  HttpResponse forward(const HttpRequest& request, const StageTarget& target);

  // Of the calls of `forward()` that have returned.
  const UpstreamCounters& counters() const { return counters_; }

 private:
  using Failure = UpstreamCounters::Failure;
  class Transfer;
  class Connections;

  Upstream(std::string base, const UpstreamOptions& options);

  HttpResponse failed(Failure failure);

  const std::string base_;  // the URL without a slash at its end
  const UpstreamOptions options_;
  const std::unique_ptr<Connections> connections_;
  UpstreamCounters counters_;
};

}  // namespace weir

#endif  // WEIR_GATEWAY_UPSTREAM_H_
