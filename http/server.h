#ifndef WEIR_HTTP_SERVER_H_
#define WEIR_HTTP_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/http/message.h"
#include "weir/http/server_options.h"
#include "weir/http/server_statistics.h"

namespace weir {

// An HTTP/1.1 server: keep-alive, pipelining, chunked bodies, 100-continue.
//
// One thread, an event loop, serves all connections, and answers requests that
// need only their head (HttpTreatment). A few workers handle whole requests:
// only for these does the server read bodies and send 100 Continue. Any other
// body is discarded; if it is longer than 64 KiB, the connection ends after the
// answer.
//
// A request with ambiguous framing is answered with 400 and its connection
// closed (http/request_parser.h). The same holds for a head (431 or 414) or a
// body (413) that is too large, and for a request that does not arrive in time
// (408). The peer can read the answer while it is still sending: its input is
// discarded for some seconds before the connection is closed.
//
// Each class of requests (HttpRequestClass) has its own bound on bodies in
// memory, and only management needs workers. Beyond these bounds, requests are
// answered with 503 and Retry-After. With max_connections connections, a new
// one displaces one that is idle, or else one whose peer has been slow to send
// a request or to read an answer; a class is not displaced from its share
// (ConnectionTable::next_to_give_way()). If none can be displaced, the new
// connection's first request is answered if it is for health, and refused with
// 503 otherwise. A request either is handled and its peer can receive the
// answer, or is not handled.
//
// Pipelined requests are answered one at a time, and other connections get
// their turns in between.
//
// All these answers are JSON (http/error_response.h) with a request id.
//
// The most that hostile peers together can make the process use:
// - for each of max_connections + 64 connections, a descriptor, 1 KiB, the
//   received part of a head (max_header_bytes), with TLS about 75 KiB more, and
//   the kernel's socket buffers;
// - max_total_body_bytes of bodies for each class; twice that for an instant,
//   while chunked bodies grow. Once bodies and answers being sent have reached
//   it, requests are refused; so at most max_requests_in_progress answers
//   exceed it.
//
// An answer to HEAD and a 304 have no body, only its length if known (see
// HttpResponse).
//
// Headers of an answer that HTTP does not allow (for instance, with a line
// break in the value) are left out, as are those that the server sets. An
// answer that cannot be sent, with a status not in [200, 599] or too many
// headers, becomes a 500, as does an exception from the handler.
//
// Raises no signals. After fork(), the child has no server: it must not use or
// destroy this object.
// *thread-safe*
class HttpServer {
 public:
  // Starts listening and answering. `handler` may block.
  //
  // Errors: InvalidArgument for a malformed address, invalid options, or an
  // unusable certificate or key; Unavailable, naming the address, if the port
  // is in use or the system is out of resources.
  static absl::StatusOr<std::unique_ptr<HttpServer>> start(
      const HttpServerOptions& options, HttpHandler handler);

  // Calls stop().
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  int port() const;  // 0 for a unix-domain socket

  // Makes new connections use these instead of the options' `tls_certificate`
  // and `tls_key`. Existing connections keep theirs.
  //
  // Errors, which change nothing: InvalidArgument if they are unusable;
  // FailedPrecondition if the server does not use TLS.
  absl::Status replace_certificate(const std::string& certificate,
                                   const std::string& key);

  // Stops accepting connections, and ends idle ones. Requests being received
  // have `drain_timeout` to complete; then their connections are ended. A
  // request that a handler is processing is answered, however long that takes:
  // the peer then has `drain_timeout` to read the answer. Later calls only wait
  // for the first. REQUIRES: not called by the handler.
  void stop();

  HttpServerStatistics statistics() const;

 private:
  class Daemon;

  explicit HttpServer(std::unique_ptr<Daemon> daemon);

  const std::unique_ptr<Daemon> daemon_;
};

}  // namespace weir

#endif  // WEIR_HTTP_SERVER_H_
