#include "http/listen_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "json/text.h"

namespace weir {
namespace {

absl::Status system_error(const std::string& place, int error) {
  const std::string message =
      absl::StrCat(place, ": ", std::generic_category().message(error));
  return error == EADDRNOTAVAIL ? absl::InvalidArgumentError(message)
                                : absl::UnavailableError(message);
}

absl::StatusOr<int> port_of(const Descriptor& socket,
                            const std::string& place) {
  sockaddr_storage bound = {};
  socklen_t size = sizeof(bound);
  if (getsockname(socket.number(), reinterpret_cast<sockaddr*>(&bound),
                  &size) != 0) {
    return system_error(place, errno);
  }
  return ntohs(bound.ss_family == AF_INET6
                   ? reinterpret_cast<sockaddr_in6&>(bound).sin6_port
                   : reinterpret_cast<sockaddr_in&>(bound).sin_port);
}

}  // namespace

absl::StatusOr<ListenSocket> listen_on(const std::string& address, int port) {
  if (port < 0 || port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("port ", port, ": is not between 0 and 65535"));
  }
  addrinfo hints = {};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.c_str(), absl::StrCat(port).c_str(), &hints,
                  &found) != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "address ", excerpt(address), ": is no IPv4 or IPv6 address"));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found,
                                                                 freeaddrinfo);
  const std::string place = found->ai_family == AF_INET6
                                ? absl::StrCat("[", address, "]:", port)
                                : absl::StrCat(address, ":", port);

  Descriptor listener(
      socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  // Not refused for connections of an earlier process that still linger.
  const int yes = 1;
  if (!listener.is_open() ||
      setsockopt(listener.number(), SOL_SOCKET, SO_REUSEADDR, &yes,
                 sizeof(yes)) != 0 ||
      bind(listener.number(), found->ai_addr, found->ai_addrlen) != 0 ||
      listen(listener.number(), SOMAXCONN) != 0) {
    return system_error(place, errno);
  }
  auto bound_port = port_of(listener, place);
  if (!bound_port.ok()) return bound_port.status();
  return ListenSocket{std::move(listener), *bound_port};
}

}  // namespace weir
