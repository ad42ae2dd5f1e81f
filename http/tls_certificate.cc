#include "http/tls_certificate.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace weir {
namespace {

absl::Status error_of(int code) {
  return absl::InvalidArgumentError(
      absl::StrCat("TLS certificate and key: ", gnutls_strerror(code)));
}

gnutls_datum_t datum_of(const std::string& text) {
  // It only reads them.
  auto* const bytes = const_cast<char*>(text.data());
  return {reinterpret_cast<unsigned char*>(bytes),
          static_cast<unsigned>(text.size())};
}

}  // namespace

absl::StatusOr<std::shared_ptr<const TlsCertificate>> TlsCertificate::from_pem(
    const std::string& certificate, const std::string& key) {
  gnutls_certificate_credentials_t credentials = nullptr;
  int code = gnutls_certificate_allocate_credentials(&credentials);
  if (code != GNUTLS_E_SUCCESS) return error_of(code);
  Owned owned(credentials);
  const gnutls_datum_t certificate_datum = datum_of(certificate);
  const gnutls_datum_t key_datum = datum_of(key);
  code = gnutls_certificate_set_x509_key_mem(credentials, &certificate_datum,
                                             &key_datum, GNUTLS_X509_FMT_PEM);
  // (It may be the number of a certificate.)
  if (code < 0) return error_of(code);
  return std::shared_ptr<const TlsCertificate>(
      new TlsCertificate(std::move(owned)));
}

absl::Status TlsCertificate::show_in(gnutls_session_t session) const {
  const int code = gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
                                          credentials_.get());
  return code == GNUTLS_E_SUCCESS ? absl::OkStatus() : error_of(code);
}

}  // namespace weir
