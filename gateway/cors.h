// Which pages of other origins a browser lets use an API: the CORS protocol of
// the Fetch standard.

#ifndef WEIR_GATEWAY_CORS_H_
#define WEIR_GATEWAY_CORS_H_

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gateway/client_request.h"
#include "http/message.h"

namespace weir {

// The origins whose pages may use an API. *thread-compatible*
class CorsOrigins {
 public:
  // Adds one: "scheme://host" or "scheme://host:port", without a path, or "*"
  // for any. Case and the scheme's own port make no difference. InvalidArgument
  // for anything else, such as "null", which is the origin of every local file.
  absl::Status add(std::string_view origin);

  // What Access-Control-Allow-Origin is to a page of `origin`: "*", the origin
  // itself, or "" for one that may not. Lives as long as this object.
  std::string_view allowed(std::string_view origin) const;

 private:
  std::set<std::string, std::less<>> origins_;
};

// The origins of each API that has some. *thread-compatible*
class CorsRules {
 public:
  // Lets pages of `origin` use the API. InvalidArgument as CorsOrigins::add(),
  // and for what is no API's id: "", or with one of "/:*".
  absl::Status allow(std::string_view api_id, std::string_view origin);

  // Those of the API of a stage, "{apiId}/{stage}" as it was sent. nullptr: the
  // API is not for other origins' pages.
  const CorsOrigins* find(std::string_view stage) const;

 private:
  std::map<std::string, CorsOrigins, std::less<>> apis_;
};

// Whether a request for an API with origins needs no key: OPTIONS, as browsers
// send it before the page's request, without any header of the page's; or any
// OPTIONS without a key.
bool passes_without_key(const ClientRequest& request);

// The answer to such a request: 204 with the methods that HTTP APIs have.
HttpResponse options_response();

// Makes `response` one that pages of `origins` can read, with the headers that
// `exposed` names, "A, B"; to a preflight, also what their requests may have:
// the methods of HTTP APIs, x-api-key, and the headers that are asked for, up
// to 1,024 bytes of well-formed names.
//
// Of the Access-Control headers that `response` has already, only what they
// expose is kept; nothing where the origin is not one of `origins`.
// Varies by Origin in any case.
void add_cors_headers(const CorsOrigins& origins, const ClientRequest& request,
                      std::string_view exposed, HttpResponse& response);

}  // namespace weir

#endif  // WEIR_GATEWAY_CORS_H_
