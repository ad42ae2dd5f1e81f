#include "http/tls_certificate.h"

#include <gnutls/x509.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace weir {
namespace {

absl::Status error_of(const char* what, int code) {
  return absl::InvalidArgumentError(
      absl::StrCat("TLS ", what, ": ", gnutls_strerror(code)));
}

gnutls_datum_t datum_of(const std::string& text) {
  // It only reads them.
  auto* const bytes = const_cast<char*>(text.data());
  return {reinterpret_cast<unsigned char*>(bytes),
          static_cast<unsigned>(text.size())};
}

// A certificate and those that vouch for it.
struct Chain {
  Chain() = default;
  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;
  ~Chain() {
    for (unsigned i = 0; i < size; ++i) gnutls_x509_crt_deinit(list[i]);
    gnutls_free(list);
  }

  gnutls_x509_crt_t* list = nullptr;
  unsigned size = 0;
};

struct Key {
  Key() { gnutls_x509_privkey_init(&key); }
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;
  ~Key() { gnutls_x509_privkey_deinit(key); }

  gnutls_x509_privkey_t key = nullptr;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const TlsCertificate>> TlsCertificate::from_pem(
    const std::string& certificate, const std::string& key) {
  Chain chain;
  gnutls_datum_t text = datum_of(certificate);
  int code = gnutls_x509_crt_list_import2(&chain.list, &chain.size, &text,
                                          GNUTLS_X509_FMT_PEM, 0);
  if (code < 0) return error_of("certificate", code);
  Key own;
  text = datum_of(key);
  code = gnutls_x509_privkey_import2(own.key, &text, GNUTLS_X509_FMT_PEM,
                                     /*password=*/nullptr, 0);
  if (code < 0) return error_of("key", code);

  gnutls_certificate_credentials_t credentials = nullptr;
  code = gnutls_certificate_allocate_credentials(&credentials);
  if (code < 0) return error_of("certificate", code);
  Owned owned(credentials);
  code = gnutls_certificate_set_x509_key(credentials, chain.list,
                                         static_cast<int>(chain.size), own.key);
  if (code < 0) return error_of("certificate and key", code);
  return std::shared_ptr<const TlsCertificate>(
      new TlsCertificate(std::move(owned)));
}

bool TlsCertificate::show_in(gnutls_session_t session) const {
  return gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
                                credentials_.get()) == GNUTLS_E_SUCCESS;
}

}  // namespace weir
