#ifndef WEIR_HTTP_LISTEN_SOCKET_H_
#define WEIR_HTTP_LISTEN_SOCKET_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "store/descriptor.h"

namespace weir {

// A socket that listens; its file, if it has one, goes with it.
// *thread-compatible*
class ListenSocket {
 public:
  // Listens at an IPv4 or IPv6 address, in figures, and a port of it, 0 for any
  // that is free; or at "unix:PATH", where the socket's file then has
  // `unix_mode`. A file of a socket that nobody listens at is replaced.
  //
  // Names the address in errors: InvalidArgument if it is none, or none of this
  // machine; Unavailable if it is in use or not allowed.
  static absl::StatusOr<ListenSocket> listen(const std::string& address,
                                             int port, mode_t unix_mode);

  ListenSocket() = default;
  ListenSocket(ListenSocket&& other) noexcept;
  ListenSocket& operator=(ListenSocket&& other) noexcept;
  // Removes the file, unless another is in its place.
  ~ListenSocket();

  int number() const { return descriptor_.number(); }
  bool is_open() const { return descriptor_.is_open(); }
  int family() const { return family_; }  // AF_INET, AF_INET6 or AF_UNIX
  int port() const { return port_; }      // 0: none
  bool is_unix() const { return !path_.empty(); }

 private:
  static absl::StatusOr<ListenSocket> listen_at_file(const std::string& path,
                                                     mode_t mode);

  Descriptor descriptor_;
  int family_ = 0;
  int port_ = 0;
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

// The path of "unix:PATH"; nothing if the address is of another kind.
std::optional<std::string_view> unix_path_of(std::string_view address);

}  // namespace weir

#endif  // WEIR_HTTP_LISTEN_SOCKET_H_
