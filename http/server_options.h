#ifndef WEIR_HTTP_SERVER_OPTIONS_H_
#define WEIR_HTTP_SERVER_OPTIONS_H_

#include <cstddef>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "weir/http/message.h"

namespace weir {

struct HttpServerOptions {
  // A numeric IPv4 or IPv6 address and a port, 0 for any free one; or
  // "unix:PATH", a socket file, which gets the mode `unix_mode`.
  std::string address = "127.0.0.1";
  int port = 0;
  int unix_mode = 0660;

  // PEM: the certificate with its chain, and the unencrypted key, for HTTPS
  // with TLS 1.2 and 1.3. Both empty for HTTP.
  std::string tls_certificate;
  std::string tls_key;

  // Each connection needs a descriptor.
  int max_connections = 512;
  // Descriptors that the process needs besides this server's.
  int other_descriptors = 0;
  // Threads that call the handler for whole requests, and the maximum number of
  // such requests that wait for a thread or are being handled.
  int worker_threads = 8;
  int max_requests_in_progress = 64;
  // Bound for a request line with its headers, and for an answer's headers.
  size_t max_header_bytes = 16 << 10;
  // Bound for the body of one request.
  size_t max_body_bytes = 10 << 20;
  // Bound for all bodies in memory of a class of requests, including answers.
  size_t max_total_body_bytes = 64 << 20;

  // Until the first byte of a connection's first or next request arrives. More
  // than the 60 seconds for which proxies keep connections.
  absl::Duration idle_timeout = absl::Seconds(75);
  // From the first to the last byte of a request, even if bytes keep arriving;
  // and again for the peer to read the answer.
  absl::Duration request_timeout = absl::Seconds(30);
  // See HttpServer::stop().
  absl::Duration drain_timeout = absl::Seconds(10);

  // How requests are treated. By default all belong to management, and their
  // bodies are read.
  HttpTreater treat;
  // May add headers to an answer that the handler did not give. The request has
  // no body, and an empty target if its head was refused. Does not throw.
  std::function<void(const HttpRequest&, HttpResponse&)> complete_refusal;
};

// The maximum number of connections beyond max_connections: see
// http/connection_table.h.
inline constexpr size_t kSpareHttpConnections = 64;

// InvalidArgument if the options are invalid, or need more descriptors than the
// process may open. Does not check addresses and certificates.
absl::Status check_http_server_options(const HttpServerOptions& options);

}  // namespace weir

#endif  // WEIR_HTTP_SERVER_OPTIONS_H_
