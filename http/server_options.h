#ifndef WEIR_HTTP_SERVER_OPTIONS_H_
#define WEIR_HTTP_SERVER_OPTIONS_H_

#include <cstddef>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "http/message.h"

namespace weir {

struct HttpServerOptions {
  // An IPv4 or IPv6 address in figures, and a port of it, 0 for any free one;
  // or "unix:PATH", a socket's file, which gets this mode.
  std::string address = "127.0.0.1";
  int port = 0;
  int unix_mode = 0660;

  // PEM, the certificate with its chain and the unencrypted key: HTTPS, with
  // TLS 1.2 and 1.3. Both empty: HTTP.
  std::string tls_certificate;
  std::string tls_key;

  // Each needs a descriptor.
  int max_connections = 512;
  // Descriptors that the process needs for other things than this server.
  int other_descriptors = 0;
  // Threads that call the handler for whole requests, and how many of these may
  // be there at one time, waiting for a thread or being handled.
  int worker_threads = 8;
  int max_requests_in_progress = 64;
  // The request line and the headers of a request; the headers of an answer.
  size_t max_header_bytes = 16 << 10;
  // The body of one request.
  size_t max_body_bytes = 10 << 20;
  // All bodies in memory of a class of requests, its answers' among them.
  size_t max_total_body_bytes = 64 << 20;

  // Until the first byte of a connection's first or next request is there. More
  // than the 60 seconds for which proxies keep connections.
  absl::Duration idle_timeout = absl::Seconds(75);
  // From then to the request's last byte, however steadily it trickles; and
  // again for the peer to read the answer.
  absl::Duration request_timeout = absl::Seconds(30);
  // Of stop().
  absl::Duration drain_timeout = absl::Seconds(10);

  // How requests are treated. Default: all are management's, and their bodies
  // are read.
  HttpTreater treat;
  // May add headers to an answer that is not the handler's. The request is
  // there as far as it was understood: without a body, and with an empty target
  // if its head was refused. Does not throw.
  std::function<void(const HttpRequest&, HttpResponse&)> complete_refusal;
};

// How many connections there may be beyond max_connections: see
// http/connection_table.h.
inline constexpr size_t kSpareHttpConnections = 64;

// InvalidArgument if the options make no sense, or the process may not open as
// many files as they need. Addresses and certificates are not looked at.
absl::Status check_http_server_options(const HttpServerOptions& options);

}  // namespace weir

#endif  // WEIR_HTTP_SERVER_OPTIONS_H_
