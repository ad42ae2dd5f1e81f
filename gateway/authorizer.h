// Decisions for a proxy that asks over HTTP before it admits a request.

#ifndef WEIR_GATEWAY_AUTHORIZER_H_
#define WEIR_GATEWAY_AUTHORIZER_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "weir/gateway/gateway.h"
#include "weir/gateway/trusted_peers.h"
#include "weir/http/message.h"

namespace weir {

// Answers `/-/authorize/{apiId}/{stage}`: a proxy asks about a client's request
// and passes on its headers. docs/hosts.md describes the proxies.
//
//   200  admitted: no body; the headers say what is left
//   403, 429  as Gateway::answer(), to be passed on to the client
//   403 AccessDeniedException  the peer is not trusted
//   400 BadRequestException  it is not clear which request is meant
//
// The client's method and target (a path and a query, of the stage) are
//   - X-Forwarded-Method and X-Forwarded-Uri, or
//   - X-Original-Method and X-Original-URI, or,
//   - if there are none of these, those of the request itself: the client's
//     target is then the part below `/-/authorize`.
// Most proxies pass on those of the client's headers that they do not set
// themselves. So there is no precedence. These are 400: headers of both pairs,
// only one of a pair, a header that occurs twice, and such headers together
// with a target that continues below the stage.
//
// X-Weir-Cost is the cost of the request, from 1 (the default) to kMaxCost;
// anything else is 400.
//
// With `?deny=403` after the stage, every refusal is 403 without a body, for
// nginx: X-Weir-Status and X-Weir-Body carry the status and the body.
//
// Neither locks nor blocks. *thread-safe*
class Authorizer {
 public:
  static constexpr uint32_t kMaxCost = 2'147'483'647;

  // Why an authorization request was rejected without a decision.
  enum class Rejection { kUntrustedPeer, kBadRequest };
  static constexpr std::array<const char*, 2> kRejectionNames = {
      "untrusted_peer", "bad_request"};

  // REQUIRES: `gateway` outlives this object.
  Authorizer(Gateway* gateway, TrustedPeers trusted);

  // Whether the target of a request line is such a path.
  static bool serves(std::string_view target);

  // REQUIRES: serves(request.target).
  HttpResponse answer(const HttpRequest& request);

  // Number of rejections since construction, by `Rejection`.
  std::array<int64_t, 2> rejections() const;

 private:
  HttpResponse decide(const HttpRequest& request);
  HttpResponse reject(Rejection rejection, std::string_view message);

  Gateway& gateway_;
  const TrustedPeers trusted_;
  std::array<std::atomic<int64_t>, 2> rejections_{};
};

}  // namespace weir

#endif  // WEIR_GATEWAY_AUTHORIZER_H_
