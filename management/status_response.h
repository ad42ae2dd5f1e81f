// The enforcer's errors as API Gateway's clients expect them.

#ifndef WEIR_MANAGEMENT_STATUS_RESPONSE_H_
#define WEIR_MANAGEMENT_STATUS_RESPONSE_H_

#include "absl/status/status.h"
#include "http/message.h"

namespace weir {

// InvalidArgument and FailedPrecondition are BadRequestException, 400;
// Unauthenticated UnauthorizedException, 401; PermissionDenied
// AccessDeniedException, 403; NotFound NotFoundException, 404; AlreadyExists
// and Aborted ConflictException, 409; ResourceExhausted LimitExceededException,
// 429; all others ServiceUnavailableException, 503. The message is
// `aws_message()`.
HttpResponse status_response(const absl::Status& error);

}  // namespace weir

#endif  // WEIR_MANAGEMENT_STATUS_RESPONSE_H_
