#include "weir/http/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace weir {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

absl::Status error_of(const char* what, const error_code& error) {
  return absl::InvalidArgumentError(
      absl::StrCat("TLS ", what, ": ", error.message()));
}

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned offered_size,
                    void*) {
  static constexpr unsigned char kProtocols[] = "\x08http/1.1";
  unsigned char* found = nullptr;
  const int result = SSL_select_next_proto(
      &found, size, kProtocols, sizeof(kProtocols) - 1, offered, offered_size);
  if (result != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

absl::Status use(ssl::context& context, const std::string& certificate,
                 const std::string& key) {
  error_code error;
  // Fails for an encrypted key. (By default OpenSSL would ask on the terminal.)
  context.set_password_callback(
      [](size_t, ssl::context::password_purpose) { return std::string(); },
      error);
  if (!error.failed()) {
    context.use_certificate_chain(boost::asio::buffer(certificate), error);
  }
  if (error.failed()) return error_of("certificate", error);
  context.use_private_key(boost::asio::buffer(key), ssl::context::pem, error);
  if (!error.failed()) return absl::OkStatus();
  if (ERR_GET_LIB(static_cast<unsigned long>(error.value())) == ERR_LIB_X509) {
    return absl::InvalidArgumentError(
        "TLS certificate and key: they do not match");
  }
  return error_of("key", error);
}

}  // namespace

absl::StatusOr<std::shared_ptr<ssl::context>> make_tls_context(
    const std::string& certificate, const std::string& key) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX* const native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(
      native, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(native, choose_protocol, nullptr);
  auto status = use(*context, certificate, key);
  ERR_clear_error();
  if (!status.ok()) return status;
  return context;
}

}  // namespace weir
