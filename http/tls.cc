#include "http/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace weir {
namespace {

template <auto kFree>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

// The reason that OpenSSL gave first, which is the root of the others.
absl::Status error_of(const char* what) {
  const unsigned long code = ERR_peek_error();
  const char* const reason = ERR_reason_error_string(code);
  ERR_clear_error();
  return absl::InvalidArgumentError(
      absl::StrCat("TLS ", what, ": ",
                   reason != nullptr ? reason : "is not PEM that can be used"));
}

Bio reader_of(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// An encrypted key has no passphrase here.
int no_passphrase(char*, int, int, void*) { return -1; }

absl::Status use_certificates(SSL_CTX* context, const std::string& text) {
  const Bio input = reader_of(text);
  bool is_first = true;
  while (true) {
    const Certificate certificate(
        PEM_read_bio_X509(input.get(), nullptr, no_passphrase, nullptr));
    if (certificate == nullptr) {
      // The end of the text is the only one that is none.
      const bool at_end =
          ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
      if (is_first || !at_end) return error_of("certificate");
      ERR_clear_error();
      return absl::OkStatus();
    }
    const int done = is_first
                         ? SSL_CTX_use_certificate(context, certificate.get())
                         : static_cast<int>(SSL_CTX_add1_chain_cert(
                               context, certificate.get()));
    if (done != 1) return error_of("certificate");
    is_first = false;
  }
}

absl::Status use_key(SSL_CTX* context, const std::string& text) {
  const Bio input = reader_of(text);
  const Key key(
      PEM_read_bio_PrivateKey(input.get(), nullptr, no_passphrase, nullptr));
  if (key == nullptr) return error_of("key");
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 ||
      SSL_CTX_check_private_key(context) != 1) {
    return error_of("certificate and key");
  }
  return absl::OkStatus();
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

// -- A socket whose writes raise no signal --

int socket_of(BIO* bio) {
  return static_cast<int>(reinterpret_cast<intptr_t>(BIO_get_data(bio)));
}

bool is_retry(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

int bio_read(BIO* bio, char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t got = recv(socket_of(bio), bytes, size, 0);
  if (got < 0 && is_retry(errno)) BIO_set_retry_read(bio);
  return static_cast<int>(got);
}

int bio_write(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t sent = send(socket_of(bio), bytes, size, MSG_NOSIGNAL);
  if (sent < 0 && is_retry(errno)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

long bio_control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

const BIO_METHOD* socket_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* const made = BIO_meth_new(
        BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without signals");
    if (made == nullptr) return made;
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

}  // namespace

void TlsContext::Free::operator()(SSL_CTX* context) const {
  SSL_CTX_free(context);
}

absl::StatusOr<std::shared_ptr<const TlsContext>> TlsContext::from_pem(
    const std::string& certificate, const std::string& key) {
  ERR_clear_error();
  Owned context(SSL_CTX_new(TLS_server_method()));
  if (context == nullptr) return error_of("context");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE |
                                         SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
  auto status = use_certificates(context.get(), certificate);
  if (status.ok()) status = use_key(context.get(), key);
  if (!status.ok()) return status;
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(context)));
}

void TlsStream::Free::operator()(SSL* stream) const { SSL_free(stream); }

std::unique_ptr<TlsStream> TlsStream::create(
    std::shared_ptr<const TlsContext> context, int socket) {
  SSL* const stream = SSL_new(context->context_.get());
  if (stream == nullptr) return nullptr;
  std::unique_ptr<TlsStream> made(new TlsStream(std::move(context), stream));
  BIO* const bio =
      socket_method() == nullptr ? nullptr : BIO_new(socket_method());
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<intptr_t>(socket)));
  BIO_set_init(bio, 1);
  SSL_set_bio(stream, bio, bio);
  SSL_set_accept_state(stream);
  return made;
}

TlsStream::~TlsStream() = default;

IoResult TlsStream::result_of(int code, size_t size) {
  if (code > 0) return {IoResult::State::kDone, size};
  switch (SSL_get_error(stream_.get(), code)) {
    case SSL_ERROR_WANT_READ:
      return {IoResult::State::kWantsRead};
    case SSL_ERROR_WANT_WRITE:
      return {IoResult::State::kWantsWrite};
    case SSL_ERROR_ZERO_RETURN:
      return {IoResult::State::kEnded};
    default:
      ERR_clear_error();
      return {IoResult::State::kFailed};
  }
}

IoResult TlsStream::read(char* bytes, size_t size) {
  ERR_clear_error();
  size_t got = 0;
  const int code = SSL_read_ex(stream_.get(), bytes, size, &got);
  return result_of(code, got);
}

IoResult TlsStream::write(std::string_view bytes) {
  ERR_clear_error();
  size_t sent = 0;
  const int code =
      SSL_write_ex(stream_.get(), bytes.data(), bytes.size(), &sent);
  return result_of(code, sent);
}

bool TlsStream::is_established() const {
  return SSL_is_init_finished(stream_.get()) == 1;
}

void TlsStream::end() {
  ERR_clear_error();
  if (is_established()) SSL_shutdown(stream_.get());
  ERR_clear_error();
}

}  // namespace weir
