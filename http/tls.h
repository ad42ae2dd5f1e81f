// TLS 1.2 and 1.3 on a server's side of non-blocking sockets.

#ifndef WEIR_HTTP_TLS_H_
#define WEIR_HTTP_TLS_H_

#include <openssl/types.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace weir {

// What came of reading or writing without waiting.
struct IoResult {
  enum class State {
    kDone,        // `size` bytes, at least one
    kWantsRead,   // again once the socket can be read
    kWantsWrite,  // or written
    kEnded,       // the peer sends no more
    kFailed,
  };
  State state;
  size_t size = 0;
};

// A certificate with its key, and how TLS is spoken. Immutable: *thread-safe*
class TlsContext {
 public:
  // Both PEM: the certificate with its chain, and the unencrypted key.
  //
  // Errors: InvalidArgument if either is malformed, or they are not each
  // other's; says which.
  static absl::StatusOr<std::shared_ptr<const TlsContext>> from_pem(
      const std::string& certificate, const std::string& key);

 private:
  friend class TlsStream;
  struct Free {
    void operator()(SSL_CTX* context) const;
  };
  using Owned = std::unique_ptr<SSL_CTX, Free>;

  explicit TlsContext(Owned context) : context_(std::move(context)) {}

  const Owned context_;
};

// One connection. Raises no signals. *thread-compatible*
class TlsStream {
 public:
  // Null if there is no memory. `socket` stays the caller's, and outlives this.
  static std::unique_ptr<TlsStream> create(
      std::shared_ptr<const TlsContext> context, int socket);
  ~TlsStream();

  // The first calls shake hands.
  IoResult read(char* bytes, size_t size);
  // REQUIRES: after kWants..., the next call is given these bytes again.
  IoResult write(std::string_view bytes);
  bool is_established() const;
  // Says that no more is sent.
  void end();

 private:
  struct Free {
    void operator()(SSL* stream) const;
  };

  TlsStream(std::shared_ptr<const TlsContext> context, SSL* stream)
      : context_(std::move(context)), stream_(stream) {}

  IoResult result_of(int code, size_t size);

  const std::shared_ptr<const TlsContext> context_;
  const std::unique_ptr<SSL, Free> stream_;
};

}  // namespace weir

#endif  // WEIR_HTTP_TLS_H_
