#include "weir/http/listen_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "weir/base/text.h"

namespace weir {
namespace {

absl::Status system_error(const std::string& place, int error) {
  const std::string message =
      absl::StrCat(place, ": ", std::generic_category().message(error));
  return error == EADDRNOTAVAIL ? absl::InvalidArgumentError(message)
                                : absl::UnavailableError(message);
}

// Whether a process listens at the address.
bool is_listened_at(const sockaddr_un& address) {
  const internal::Descriptor probe(
      socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  // A full backlog (EAGAIN) also means that a process listens.
  return !probe.is_open() ||
         connect(probe.number(), reinterpret_cast<const sockaddr*>(&address),
                 sizeof(address)) == 0 ||
         errno != ECONNREFUSED;
}

// Removes a socket file that an earlier process has left behind.
bool remove_stale_socket(const sockaddr_un& address) {
  struct stat file = {};
  return lstat(address.sun_path, &file) == 0 && S_ISSOCK(file.st_mode) &&
         !is_listened_at(address) && unlink(address.sun_path) == 0;
}

}  // namespace

std::optional<std::string_view> unix_path_of(std::string_view address) {
  constexpr std::string_view kPrefix = "unix:";
  if (address.substr(0, kPrefix.size()) != kPrefix) return std::nullopt;
  return address.substr(kPrefix.size());
}

ListenSocket::ListenSocket(ListenSocket&& other) noexcept {
  *this = std::move(other);
}

ListenSocket& ListenSocket::operator=(ListenSocket&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(family_, other.family_);
  std::swap(port_, other.port_);
  std::swap(path_, other.path_);
  std::swap(device_, other.device_);
  std::swap(inode_, other.inode_);
  return *this;
}

ListenSocket::~ListenSocket() {
  struct stat file = {};
  if (is_unix() && lstat(path_.c_str(), &file) == 0 && file.st_dev == device_ &&
      file.st_ino == inode_) {
    unlink(path_.c_str());
  }
}

absl::StatusOr<ListenSocket> ListenSocket::listen_at_file(
    const std::string& path, mode_t mode) {
  const std::string place = absl::StrCat("unix:", path);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path) ||
      path.find('\0') != path.npos) {
    return absl::InvalidArgumentError(absl::StrCat(
        internal::excerpt(place, 128), ": the path must have 1 to ",
        sizeof(address.sun_path) - 1, " bytes"));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  ListenSocket result;
  result.family_ = AF_UNIX;
  result.descriptor_ = internal::Descriptor(
      socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
  // bind() creates the file with the socket's mode, less the umask.
  if (!result.is_open() || fchmod(result.number(), mode) != 0) {
    return system_error(place, errno);
  }
  int error = bind(result.number(), generic, sizeof(address)) == 0 ? 0 : errno;
  if (error == EADDRINUSE && remove_stale_socket(address)) {
    error = bind(result.number(), generic, sizeof(address)) == 0 ? 0 : errno;
  }
  if (error != 0) return system_error(place, error);
  result.path_ = path;
  struct stat file = {};
  if (lstat(path.c_str(), &file) != 0) return system_error(place, errno);
  result.device_ = file.st_dev;
  result.inode_ = file.st_ino;
  if (chmod(path.c_str(), mode) != 0 ||
      ::listen(result.number(), SOMAXCONN) != 0) {
    return system_error(place, errno);
  }
  return result;
}

absl::StatusOr<ListenSocket> ListenSocket::listen(const std::string& address,
                                                  int port, mode_t unix_mode) {
  if (const auto path = unix_path_of(address)) {
    return listen_at_file(std::string(*path), unix_mode);
  }
  if (port < 0 || port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("port ", port, ": is not between 0 and 65535"));
  }
  boost::system::error_code error;
  const auto ip = boost::asio::ip::make_address(address, error);
  if (error.failed()) {
    return absl::InvalidArgumentError(
        absl::StrCat("address ", internal::excerpt(address),
                     ": is no IPv4 or IPv6 address"));
  }
  const std::string place = ip.is_v6() ? absl::StrCat("[", address, "]:", port)
                                       : absl::StrCat(address, ":", port);
  boost::asio::ip::tcp::endpoint endpoint(ip, static_cast<uint16_t>(port));

  ListenSocket result;
  result.family_ = endpoint.protocol().family();
  result.descriptor_ = internal::Descriptor(
      socket(result.family_, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  // Lets bind() succeed while connections of an earlier process still linger.
  const int yes = 1;
  socklen_t size = endpoint.size();
  if (!result.is_open() ||
      setsockopt(result.number(), SOL_SOCKET, SO_REUSEADDR, &yes,
                 sizeof(yes)) != 0 ||
      bind(result.number(), endpoint.data(), size) != 0 ||
      ::listen(result.number(), SOMAXCONN) != 0 ||
      getsockname(result.number(), endpoint.data(), &size) != 0) {
    return system_error(place, errno);
  }
  result.port_ = endpoint.port();
  return result;
}

}  // namespace weir
