#ifndef WEIR_HTTP_TLS_CERTIFICATE_H_
#define WEIR_HTTP_TLS_CERTIFICATE_H_

#include <gnutls/gnutls.h>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"

namespace weir {

// What a server shows its peers, and proves to be its own. Immutable:
// *thread-safe*
class TlsCertificate {
 public:
  // Both PEM: the certificate with its chain, and the unencrypted key.
  //
  // Errors: InvalidArgument if either is malformed, or they are not each
  // other's.
  static absl::StatusOr<std::shared_ptr<const TlsCertificate>> from_pem(
      const std::string& certificate, const std::string& key);

  // Has `session`, which has not begun its handshake, show this one. False if
  // there is no memory. REQUIRES: this outlives the session's use.
  bool show_in(gnutls_session_t session) const;

 private:
  struct Free {
    void operator()(gnutls_certificate_credentials_t credentials) const {
      gnutls_certificate_free_credentials(credentials);
    }
  };
  using Owned =
      std::unique_ptr<std::remove_pointer_t<gnutls_certificate_credentials_t>,
                      Free>;

  explicit TlsCertificate(Owned credentials)
      : credentials_(std::move(credentials)) {}

  const Owned credentials_;
};

}  // namespace weir

#endif  // WEIR_HTTP_TLS_CERTIFICATE_H_
