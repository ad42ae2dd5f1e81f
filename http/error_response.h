#ifndef WEIR_HTTP_ERROR_RESPONSE_H_
#define WEIR_HTTP_ERROR_RESPONSE_H_

#include <string_view>

#include "http/message.h"

namespace weir {

// An error as AWS clients read it: the class in x-amzn-ErrorType, such as
// "BadRequestException", and {"message":"..."}. One of 429 or 503 asks to try
// again after overload_retry_after().
HttpResponse error_response(int status, std::string_view type,
                            std::string_view message);

// From 1 to kMostOverloadRetryAfter seconds, each as likely: clients that came
// together and are told the same come back together. A thread's first call asks
// the kernel for random bytes. Thread-safe.
inline constexpr int kMostOverloadRetryAfter = 5;
int overload_retry_after();

}  // namespace weir

#endif  // WEIR_HTTP_ERROR_RESPONSE_H_
