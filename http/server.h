#ifndef WEIR_HTTP_SERVER_H_
#define WEIR_HTTP_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "http/message.h"
#include "http/server_options.h"
#include "http/server_statistics.h"

namespace weir {

// An HTTP/1.1 server: keep-alive, pipelining, chunked bodies, 100-continue.
//
// One thread, an event loop, serves all connections, and answers by itself what
// can be answered from a head (HttpTreatment). Whole requests are handled by a
// few workers: only for these are bodies read, and a peer told to go on that
// waits for 100 Continue. A body that nobody asked for is discarded, or ends
// the connection after the answer if it is longer than 64 KiB.
//
// A request whose framing could be read in two ways is answered with 400, and
// its connection closed (http/request_parser.h); a head or a body that is too
// large, with 431 (or 414) or 413, and one that does not come in time with 408,
// likewise. The peer can read the answer though it may still be sending: what
// comes is discarded for some seconds before the connection is closed.
//
// Each class of requests (HttpRequestClass) has its own bound on bodies in
// memory, and management's alone need workers. Beyond these bounds, requests
// are answered with 503 and Retry-After. When there are max_connections, a new
// one takes the place of one that is idle, or else of one whose peer has kept a
// request or an answer going; a class is not displaced out of its share
// (ConnectionTable::next_to_give_way()). If none
// gives way, the new one's first request is answered if it is one for health,
// and with 503 otherwise. A request either is handled and its peer can have the
// answer, or is not handled.
//
// Of requests that a peer sends at once, pipelined, one is answered at a time,
// and other connections have their turns in between.
//
// All these answers are JSON (http/error_response.h) with a request id.
//
// What hostile peers can make the process use, all together:
// - for each of max_connections + 64 connections, a descriptor, 1 KiB, what is
//   there of a head (max_header_bytes), with TLS about 75 KiB more, and the
//   kernel's socket buffers;
// - max_total_body_bytes of bodies for each class; twice that for an instant,
//   while chunked ones grow. Once the answers that are being sent and the
//   bodies have reached it, requests are refused; so at most
//   max_requests_in_progress answers go beyond it.
//
// With an answer to HEAD, and with a 304, no body is sent, but its length if
// that is known (see HttpResponse).
//
// An answer's headers that HTTP does not allow are left out (a line break in a
// value, for instance), as are those that are the server's. An answer that
// cannot be sent at all, with a status not in [200, 599] or too many headers,
// becomes a 500, as does what a handler throws.
//
// Raises no signals. After fork(), the child has no server: it must not use or
// destroy it.
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

  int port() const;  // 0: a socket's file

  // Has connections that begin from now on use these instead of the options'
  // `tls_certificate` and `tls_key`. Those that there are go on with theirs.
  //
  // Errors, which change nothing: InvalidArgument if they cannot be used;
  // FailedPrecondition if the server is one without TLS.
  absl::Status replace_certificate(const std::string& certificate,
                                   const std::string& key);

  // Accepts no more connections, and ends idle ones. Requests that have begun
  // may come to their ends for `drain_timeout`; then their connections are
  // ended. What a handler is busy with is answered, however long it takes: the
  // peer then has `drain_timeout` to read the answer. Later calls only wait for
  // the first. REQUIRES: not called by the handler.
  void stop();

  HttpServerStatistics statistics() const;

 private:
  class Daemon;

  explicit HttpServer(std::unique_ptr<Daemon> daemon);

  const std::unique_ptr<Daemon> daemon_;
};

}  // namespace weir

#endif  // WEIR_HTTP_SERVER_H_
