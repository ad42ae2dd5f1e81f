// Errors as API Gateway's clients expect them.

#ifndef WEIR_MANAGEMENT_ERROR_RESPONSE_H_
#define WEIR_MANAGEMENT_ERROR_RESPONSE_H_

#include <string_view>

#include "absl/status/status.h"
#include "http/message.h"

namespace weir {

// `{"message": ...}` under this status, with the exception's name in
// `x-amzn-ErrorType`: the AWS SDKs make an exception of that class of it.
HttpResponse error_response(int status, std::string_view exception,
                            std::string_view message);

// The same for an error of the enforcer: InvalidArgument and FailedPrecondition
// are BadRequestException, 400; Unauthenticated and PermissionDenied
// UnauthorizedException, 401; NotFound NotFoundException, 404; AlreadyExists
// and Aborted ConflictException, 409; ResourceExhausted LimitExceededException,
// 429; all others ServiceUnavailableException, 503, with a `Retry-After`.
// The message is `aws_message()`.
HttpResponse error_response(const absl::Status& error);

// 429, TooManyRequestsException: come again after so many seconds.
HttpResponse too_many_requests(int retry_after_seconds);

}  // namespace weir

#endif  // WEIR_MANAGEMENT_ERROR_RESPONSE_H_
