#ifndef WEIR_HTTP_ERROR_RESPONSE_H_
#define WEIR_HTTP_ERROR_RESPONSE_H_

#include <string_view>

#include "weir/http/message.h"

namespace weir {

// An error in the form that AWS clients read: the class, such as
// "BadRequestException", in x-amzn-ErrorType, and {"message":"..."} as the
// body. For 429 and 503, Retry-After is overload_retry_after().
HttpResponse error_response(int status, std::string_view type,
                            std::string_view message);

// Seconds, uniform in [1, kMaxOverloadRetryAfter], so that clients that arrive
// together do not retry together. A thread's first call asks the kernel for
// random bytes. Thread-safe.
inline constexpr int kMaxOverloadRetryAfter = 5;
int overload_retry_after();

}  // namespace weir

#endif  // WEIR_HTTP_ERROR_RESPONSE_H_
