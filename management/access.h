// Who may use the management interface.

#ifndef WEIR_MANAGEMENT_ACCESS_H_
#define WEIR_MANAGEMENT_ACCESS_H_

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "http/message.h"
#include "management/authentication.h"
#include "management/caller.h"

namespace weir {

// Whether requests may do what they ask for: *thread-safe*
//   - with credentials, if one of them signed the request, and it is not one
//     for reading alone or the request is GET or HEAD; one that may not see the
//     values of API keys is for reading, and may not ask for them either;
//   - without, if whoever can reach the listener may, which therefore has to be
//     on the loopback interface. A web page that somebody on this machine looks
//     at reaches it too: so what a browser sends must have been made by a page
//     of this very server, and be addressed to it by a name that no DNS can
//     point here (`Host` is localhost or a loopback address).
class Access {
 public:
  // nullptr: without credentials.
  explicit Access(std::shared_ptr<const Authentication> authentication);

  // Who sent the request. Unauthenticated, or PermissionDenied for what its
  // credentials do not allow.
  absl::StatusOr<Caller> check(const HttpRequest& request) const;
  // Whether check() may allow a request with this head, so that its body is
  // worth reading. Does not block.
  absl::Status check_head(const HttpRequest& head) const;

 private:
  const std::shared_ptr<const Authentication> authentication_;
};

// Whether `host`, a Host header or a part of a URL such as "127.0.0.1:8080",
// names the loopback interface whatever DNS says.
bool is_loopback_host(std::string_view host);

}  // namespace weir

#endif  // WEIR_MANAGEMENT_ACCESS_H_
