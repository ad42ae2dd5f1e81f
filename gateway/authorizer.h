// Decisions for a gateway that asks over HTTP before it lets a request in.

#ifndef WEIR_GATEWAY_AUTHORIZER_H_
#define WEIR_GATEWAY_AUTHORIZER_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gateway/gateway.h"
#include "gateway/trusted_peers.h"
#include "http/message.h"

namespace weir {

// Answers `/-/authorize/{apiId}/{stage}`, asked by a proxy about a client's
// request whose headers it passes on. docs/hosts.md has the proxies.
//
//   200  admitted: no body; the headers say what is left
//   403, 429  as Gateway::answer(), to be given to the client
//   403 AccessDeniedException  the peer is not trusted
//   400 BadRequestException  it is not clear which request is meant
//
// The client's method and target (a path and a query, of the stage) are
//   - X-Forwarded-Method and X-Forwarded-Uri, or
//   - X-Original-Method and X-Original-URI, or,
//   - if there are none of these, those of the request itself: what is below
//     `/-/authorize` is the client's target then.
// Most proxies pass on such headers of the client's as they do not set. So
// there is no precedence: headers of both pairs, one of a pair alone, a header
// that comes twice, and one beside a target with something below the stage are
// 400.
//
// X-Weir-Cost is what the request costs, from 1, which is the default, to
// kMostCost; anything else is 400.
//
// With `?deny=403` behind the stage, every refusal is 403 without a body, for
// nginx: X-Weir-Status and X-Weir-Body have the status and the body.
//
// Neither locks nor blocks. *thread-safe*
class Authorizer {
 public:
  static constexpr uint32_t kMostCost = 2'147'483'647;

  // Questions that were refused without a decision, by reason.
  enum class Rejection { kUntrustedPeer, kBadRequest };
  static constexpr std::array<const char*, 2> kRejectionNames = {
      "untrusted_peer", "bad_request"};

  // REQUIRES: `gateway` outlives this object.
  Authorizer(Gateway* gateway, TrustedPeers trusted);

  // Whether the target of a request line is one of these.
  static bool serves(std::string_view target);

  // REQUIRES: serves(request.target).
  HttpResponse answer(const HttpRequest& request);

  // By `Rejection`, since the beginning.
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
