// A client's request, as the gateway sees it to make a decision.

#ifndef WEIR_GATEWAY_CLIENT_REQUEST_H_
#define WEIR_GATEWAY_CLIENT_REQUEST_H_

#include <cstdint>
#include <string_view>

#include "weir/http/message.h"

namespace weir {

// Refers to the client's request, or to a proxy's description of it.
// *thread-compatible*
struct ClientRequest {
  // Implicit: a request sent by the client itself.
  ClientRequest(const HttpRequest& request)  // NOLINT
      : method(request.method),
        target(request.target),
        headers(request.headers) {}
  ClientRequest(std::string_view method, std::string_view target,
                const HttpHeaders& headers, uint32_t cost)
      : method(method), target(target), headers(headers), cost(cost) {}

  std::string_view method;
  std::string_view target;  // "/{apiId}/{stage}/path?query"
  const HttpHeaders& headers;
  uint32_t cost = 1;  // in tokens and quota
};

}  // namespace weir

#endif  // WEIR_GATEWAY_CLIENT_REQUEST_H_
