#ifndef WEIR_HTTP_LISTEN_SOCKET_H_
#define WEIR_HTTP_LISTEN_SOCKET_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "weir/base/file_descriptor.h"

namespace weir {

// A listening socket. Owns the socket's file, if it has one.
// *thread-compatible*
class ListenSocket {
 public:
  // Listens on a numeric IPv4 or IPv6 address and a port, 0 for any free one;
  // or on "unix:PATH", whose file gets the mode `unix_mode`. Replaces a stale
  // socket file, one that no process listens on.
  //
  // Errors name the address: InvalidArgument if it is malformed or not an
  // address of this machine; Unavailable if it is in use or not permitted.
  static absl::StatusOr<ListenSocket> listen(const std::string& address,
                                             int port, mode_t unix_mode);

  ListenSocket() = default;
  ListenSocket(ListenSocket&& other) noexcept;
  ListenSocket& operator=(ListenSocket&& other) noexcept;
  // Removes the file, unless another one has replaced it.
  ~ListenSocket();

  int number() const { return descriptor_.number(); }
  bool is_open() const { return descriptor_.is_open(); }
  int family() const { return family_; }  // AF_INET, AF_INET6 or AF_UNIX
  int port() const { return port_; }      // 0: none
  bool is_unix() const { return !path_.empty(); }

 private:
  static absl::StatusOr<ListenSocket> listen_at_file(const std::string& path,
                                                     mode_t mode);

  internal::Descriptor descriptor_;
  int family_ = 0;
  int port_ = 0;
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

// The path of "unix:PATH"; nullopt for any other address.
std::optional<std::string_view> unix_path_of(std::string_view address);

}  // namespace weir

#endif  // WEIR_HTTP_LISTEN_SOCKET_H_
