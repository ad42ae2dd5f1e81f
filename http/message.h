// An HTTP request and its answer, whole, apart from any connection.

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
  // As it stands on the request line, nothing decoded: "/tags/a%2Fb?limit=5".
  std::string target;
  HttpHeaders headers;
  std::string body;
  // The other end of the connection, "127.0.0.1" or "::1"; "": not known.
  std::string peer_address = {};
  bool over_tls = false;
  // The peer is a process of this machine; `peer_address` is "" then.
  bool over_unix_socket = false;
};

// Whether the request asks for nothing but to be told: GET and HEAD.
inline bool only_reads(const HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}

struct HttpResponse {
  int status = 200;
  // Without Connection, Date and Content-Length: these are the server's. Only
  // where there is no body to be measured, in an answer to HEAD or a 304, a
  // Content-Length says how long the body of the answer to GET is, if known.
  HttpHeaders headers;
  // With HEAD or 304 it may be there, too: its length alone is sent then.
  std::string body;
};

// What answers requests. Called by several threads at once; does not throw.
using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

// Each has its own share of a server's connections and memory.
enum class HttpRequestClass { kGateway, kManagement, kHealth };

// How a server treats a request, as its head says.
struct HttpTreatment {
  HttpRequestClass request_class = HttpRequestClass::kManagement;
  // The handler is called at once, without a body, by the thread that serves
  // all connections: it must not block. Otherwise a worker calls it, with the
  // whole request.
  bool from_head = false;
};

// Called with requests without their bodies. As a handler; must not block.
using HttpTreater = std::function<HttpTreatment(const HttpRequest&)>;

}  // namespace weir

#endif  // WEIR_HTTP_MESSAGE_H_
