#ifndef WEIR_HTTP_SERVER_H_
#define WEIR_HTTP_SERVER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "http/message.h"
#include "http/refusal.h"

namespace weir {

struct HttpServerOptions {
  // An IPv4 or IPv6 address in figures, and a port of it; 0: any free one.
  std::string address = "127.0.0.1";
  int port = 0;

  // PEM, the certificate with its chain and the unencrypted key: HTTPS, with
  // TLS 1.2 and 1.3. Both empty: HTTP.
  std::string tls_certificate;
  std::string tls_key;

  // Each has a thread, and needs a descriptor.
  int max_connections = 512;
  // Calls of the handler at one time.
  int max_requests_in_progress = 64;
  // The request line and the headers of a request; the headers of an answer.
  size_t max_header_bytes = 16 << 10;
  // The body of one request.
  size_t max_body_bytes = 10 << 20;
  // All bodies in memory, requests' and answers'.
  size_t max_total_body_bytes = 64 << 20;

  // Until a connection's first or next request line is there.
  absl::Duration idle_timeout = absl::Seconds(60);
  // From then to the request's last byte, however steadily it trickles; and
  // again for the peer to read the answer.
  absl::Duration request_timeout = absl::Seconds(30);
  // Of stop().
  absl::Duration drain_timeout = absl::Seconds(10);

  // May add headers to an answer that is not the handler's. The request is
  // there as far as it was understood: without a body, and with an empty target
  // if its head was refused. Called by several threads at once; does not throw.
  std::function<void(const HttpRequest&, HttpResponse&)> complete_refusal;
};

struct HttpServerStatistics {
  // At present.
  int64_t connections = 0;
  int64_t requests_in_progress = 0;
  int64_t body_bytes = 0;
  // Since the start.
  int64_t connections_accepted = 0;
  int64_t connections_timed_out = 0;
  int64_t connections_displaced = 0;  // Gave way to new ones.
  int64_t connections_refused = 0;    // Nothing gave way.
  int64_t requests = 0;               // That the handler was called for.
  int64_t requests_refused = 0;       // As malformed, too large, or too many.
  std::array<int64_t, kHttpRefusals> refused = {};  // by HttpRefusal
};

// An HTTP/1.1 server: keep-alive, pipelining, chunked bodies, 100-continue.
//
// A request whose framing could be read in two ways is answered with 400, and
// its connection closed (http/request_head.h); a head or a body that is too
// large, with 431 (or 414) or 413, likewise. Beyond the bounds on requests or
// on bodies in memory, requests are answered with 429 and Retry-After. When
// there are max_connections, a new one takes the place of the one that has been
// idle longest, or else of one whose peer has kept a request going for a second
// or more; if there is none, it is answered 429 (closed, with TLS or when too
// many come at once). A request either is handled and its peer can have the
// answer, or is not handled.
//
// These answers are JSON (http/error_response.h), except to what libmicrohttpd
// refuses before anybody is asked: a head of more than about three times
// max_header_bytes, or one that it cannot parse. Those are its own, in HTML.
//
// One thing is read more leniently than written: lines of the chunks of a body
// may end in LF alone.
//
// What hostile peers can make the process use, all together:
// - max_connections + 32 threads and descriptors, and for each connection 11 x
//   max_header_bytes (3 x between requests), about 40 KiB of stack and the
//   like, with TLS about 30 KiB more, and the kernel's socket buffers;
// - max_total_body_bytes of requests' bodies; three times that for an instant,
//   while chunked ones grow;
// - the answers that are being sent. Once these and the bodies have reached
//   max_total_body_bytes, requests are refused; so at most
//   max_requests_in_progress answers go beyond it.
//
// With an answer to HEAD, and with a 304, no body is sent, but its length if
// that is known (see HttpResponse). If it is not, the connection is closed:
// libmicrohttpd would say a wrong one, or send what is none, on one that goes
// on.
//
// An answer's headers that HTTP does not allow are left out (a line break in a
// value, for instance), as are those that are the server's. An answer that
// cannot be sent at all, with a status not in [200, 599] or too many headers,
// becomes a 500, as does what a handler throws.
//
// After fork(), the child has no server: it must not use or destroy it.
// *thread-safe*
class HttpServer {
 public:
  // Starts to listen and to answer. `handler` may block.
  //
  // Errors: InvalidArgument for an address that is none, options that make no
  // sense, a certificate or key that cannot be used; Unavailable, naming the
  // address, if the port is in use or the system has no room.
  static absl::StatusOr<std::unique_ptr<HttpServer>> start(
      const HttpServerOptions& options, HttpHandler handler);

  // stop().
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  int port() const;

  // Has connections that begin from now on use these instead of the options'
  // `tls_certificate` and `tls_key`. Those that there are go on with theirs.
  //
  // Errors, which change nothing: InvalidArgument if they cannot be used;
  // FailedPrecondition if the server is one without TLS.
  absl::Status replace_certificate(const std::string& certificate,
                                   const std::string& key);

  // Accepts no more connections, and ends idle ones. Requests that have begun
  // may come to their ends for `drain_timeout`; then their connections are
  // ended. Calls of the handler cannot be: blocks until they have returned.
  // Later calls only wait for the first. REQUIRES: not called by the handler.
  void stop();

  HttpServerStatistics statistics() const;

 private:
  class Daemon;

  explicit HttpServer(std::unique_ptr<Daemon> daemon);

  const std::unique_ptr<Daemon> daemon_;
};

}  // namespace weir

#endif  // WEIR_HTTP_SERVER_H_
