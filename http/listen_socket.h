#ifndef WEIR_HTTP_LISTEN_SOCKET_H_
#define WEIR_HTTP_LISTEN_SOCKET_H_

#include <string>

#include "absl/status/statusor.h"
#include "store/descriptor.h"

namespace weir {

struct ListenSocket {
  Descriptor descriptor;
  int port = 0;
};

// Listens on a TCP port of an IPv4 or IPv6 address, in figures; port 0 is any
// that is free. Names the address in errors: InvalidArgument if it is none, or
// none of this machine; Unavailable if the port is in use or not allowed.
absl::StatusOr<ListenSocket> listen_on(const std::string& address, int port);

}  // namespace weir

#endif  // WEIR_HTTP_LISTEN_SOCKET_H_
