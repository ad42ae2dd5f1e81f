// The CORS protocol of the Fetch standard: which pages of other origins a
// browser allows to use an API.

#ifndef WEIR_GATEWAY_CORS_H_
#define WEIR_GATEWAY_CORS_H_

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "weir/gateway/client_request.h"
#include "weir/http/message.h"

namespace weir {

// The origins whose pages may use an API. *thread-compatible*
class CorsOrigins {
 public:
  // Adds one: "scheme://host" or "scheme://host:port", without a path, or "*"
  // for any. Case and the scheme's own port make no difference. InvalidArgument
  // for anything else, such as "null", which is the origin of every local file.
  absl::Status add(std::string_view origin);

  // The value of Access-Control-Allow-Origin for a page of `origin`: "*", the
  // origin itself, or "" if it is not allowed. Valid as long as this object.
  std::string_view allowed(std::string_view origin) const;

 private:
  std::set<std::string, std::less<>> origins_;
};

// The allowed origins of each API that has any. *thread-compatible*
class CorsRules {
 public:
  // Allows pages of `origin` to use the API. InvalidArgument as in
  // CorsOrigins::add(), and for an invalid API id: "", or with one of "/:*".
  absl::Status allow(std::string_view api_id, std::string_view origin);

  // The origins of the API of a stage, "{apiId}/{stage}" as sent. nullptr if
  // the API allows no other origins.
  const CorsOrigins* find(std::string_view stage) const;

 private:
  std::map<std::string, CorsOrigins, std::less<>> apis_;
};

// Whether a request for an API with origins needs no key: a preflight, the
// OPTIONS that browsers send before the page's request without any of the
// page's headers; or any OPTIONS without a key.
bool passes_without_key(const ClientRequest& request);

// The answer to such a request: 204 with the methods that HTTP APIs have.
HttpResponse options_response();

// Adds headers to `response` that let pages of `origins` read it, and its
// headers named in `exposed`, "A, B". For a preflight, also states what their
// requests may have: the methods of HTTP APIs, x-api-key, and the headers that
// are asked for, up to 1,024 bytes of well-formed names.
//
// Of the Access-Control headers that `response` already has, only the exposed
// names are kept, and nothing if the origin is not one of `origins`. Always
// adds "Vary: Origin".
void add_cors_headers(const CorsOrigins& origins, const ClientRequest& request,
                      std::string_view exposed, HttpResponse& response);

}  // namespace weir

#endif  // WEIR_GATEWAY_CORS_H_
