// Signs requests as AWS's clients do, for tests and benchmarks.

#ifndef WEIR_MANAGEMENT_TESTING_SIGN_REQUEST_H_
#define WEIR_MANAGEMENT_TESTING_SIGN_REQUEST_H_

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "weir/http/message.h"
#include "weir/management/credentials.h"

namespace weir {

// Returns `request` with the headers x-amz-date, x-amz-security-token (if the
// credential has one) and authorization, replacing existing ones. Signs all
// headers except user-agent; the request must have a host. `unix_seconds` is
// the time of signing. InvalidArgument if the target is malformed.
absl::StatusOr<HttpRequest> signed_request(HttpRequest request,
                                           const Credential& credential,
                                           std::string_view region,
                                           int64_t unix_seconds);

}  // namespace weir

#endif  // WEIR_MANAGEMENT_TESTING_SIGN_REQUEST_H_
