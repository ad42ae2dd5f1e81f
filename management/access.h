// Access control of the management interface.

#ifndef WEIR_MANAGEMENT_ACCESS_H_
#define WEIR_MANAGEMENT_ACCESS_H_

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "weir/http/message.h"
#include "weir/http/target.h"
#include "weir/management/authentication.h"
#include "weir/management/caller.h"

namespace weir {

// Decides whether a request is allowed: *thread-safe*
//   - With credentials, one of them must have signed the request. A read-only
//     credential allows only GET and HEAD. One that may not see the values of
//     API keys is read-only, and may not ask for them either.
//   - Without credentials, every client that can reach the listener is allowed,
//     so the listener must be on the loopback interface. Web pages opened on
//     this machine can reach it, too: so a browser's request must come from a
//     page of this server, and be addressed to a name that DNS cannot point
//     here (`Host` is localhost or a loopback address).
class Access {
 public:
  // nullptr means no credentials.
  explicit Access(std::shared_ptr<const Authentication> authentication);

  // Returns who sent the request. Unauthenticated, or PermissionDenied for what
  // its credentials do not allow.
  absl::StatusOr<Caller> check(const HttpRequest& request) const {
    return check(request, parse_target(request.target));
  }
  // The same, for callers that have parsed the request's target.
  absl::StatusOr<Caller> check(const HttpRequest& request,
                               const absl::StatusOr<Target>& target) const;
  // Whether check() may allow a request with this head, so that its body is
  // worth reading. Does not block.
  absl::Status check_head(const HttpRequest& head) const;

 private:
  const std::shared_ptr<const Authentication> authentication_;
};

// Whether `host`, a Host header or a part of a URL such as "127.0.0.1:8080",
// names the loopback interface regardless of DNS.
bool is_loopback_host(std::string_view host);

}  // namespace weir

#endif  // WEIR_MANAGEMENT_ACCESS_H_
