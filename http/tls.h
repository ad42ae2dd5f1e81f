// TLS 1.2 and 1.3 on a server's side.

#ifndef WEIR_HTTP_TLS_H_
#define WEIR_HTTP_TLS_H_

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace weir {

// A certificate with its key, and how TLS is spoken. Not changed once it is
// made; connections share it.
//
// Both PEM: the certificate with its chain, and the unencrypted key.
//
// Errors: InvalidArgument if either is malformed, or they are not each
// other's; says which.
absl::StatusOr<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(
    const std::string& certificate, const std::string& key);

}  // namespace weir

#endif  // WEIR_HTTP_TLS_H_
