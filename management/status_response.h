// Conversion of the enforcer's errors to API Gateway's error responses.

#ifndef WEIR_MANAGEMENT_STATUS_RESPONSE_H_
#define WEIR_MANAGEMENT_STATUS_RESPONSE_H_

#include "absl/status/status.h"
#include "weir/http/message.h"

namespace weir {

// Maps InvalidArgument and FailedPrecondition to BadRequestException, 400;
// Unauthenticated to UnauthorizedException, 401; PermissionDenied to
// AccessDeniedException, 403; NotFound to NotFoundException, 404; AlreadyExists
// and Aborted to ConflictException, 409; ResourceExhausted to
// LimitExceededException, 429; all others to ServiceUnavailableException, 503.
// The message is `aws_message()`.
HttpResponse status_response(const absl::Status& error);

}  // namespace weir

#endif  // WEIR_MANAGEMENT_STATUS_RESPONSE_H_
