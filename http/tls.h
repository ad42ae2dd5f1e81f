// TLS 1.2 and 1.3, server side.

#ifndef WEIR_HTTP_TLS_H_
#define WEIR_HTTP_TLS_H_

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace weir {

// Makes a TLS context: a certificate with its key, and the TLS settings. It is
// immutable, and connections share it.
//
// Both arguments are PEM: the certificate with its chain, and the unencrypted
// key.
//
// Errors: InvalidArgument if either is malformed or they do not match; says
// which.
absl::StatusOr<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(
    const std::string& certificate, const std::string& key);

}  // namespace weir

#endif  // WEIR_HTTP_TLS_H_
