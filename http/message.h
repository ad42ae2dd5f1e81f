// A complete HTTP request and its answer, independent of any connection.

#ifndef WEIR_HTTP_MESSAGE_H_
#define WEIR_HTTP_MESSAGE_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace weir {

// Names in lower case, in the order received or to be sent; values without
// spaces around them. A name may occur more than once.
using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;  // "GET"
  // As on the request line, not decoded: "/tags/a%2Fb?limit=5".
  std::string target;
  HttpHeaders headers;
  std::string body;
  // The peer's address, "127.0.0.1" or "::1"; "" if unknown.
  std::string peer_address = {};
  bool over_tls = false;
  // The peer is a process on this machine; `peer_address` is "".
  bool over_unix_socket = false;
};

// Whether the request only reads: GET and HEAD.
inline bool only_reads(const HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}

struct HttpResponse {
  int status = 200;
  // Without Connection, Date and Content-Length, which the server sets. Only in
  // an answer to HEAD or a 304, which has no body to measure, Content-Length
  // may state the length of the body that GET would return.
  HttpHeaders headers;
  // May be set for HEAD and 304, too: then only its length is sent.
  std::string body;
};

// Answers a request. Called by several threads at once; does not throw.
using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

// Each class has its own share of a server's connections and memory.
enum class HttpRequestClass { kGateway, kManagement, kHealth };

// How a server treats a request, decided from its head.
struct HttpTreatment {
  HttpRequestClass request_class = HttpRequestClass::kManagement;
  // If true, the thread that serves all connections calls the handler
  // immediately, without a body: the handler must not block. Otherwise a worker
  // calls it with the whole request.
  bool from_head = false;
};

// Called with a request without its body, under the same conditions as a
// handler; must not block.
using HttpTreater = std::function<HttpTreatment(const HttpRequest&)>;

}  // namespace weir

#endif  // WEIR_HTTP_MESSAGE_H_
