#include "weir/management/status_response.h"

#include <string>

#include "weir/http/error_response.h"
#include "weir/plan/plan_error.h"

namespace weir {

HttpResponse status_response(const absl::Status& error) {
  const std::string message = aws_message(error);
  switch (error.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
      return error_response(400, "BadRequestException", message);
    case absl::StatusCode::kUnauthenticated:
      return error_response(401, "UnauthorizedException", message);
    case absl::StatusCode::kPermissionDenied:
      return error_response(403, "AccessDeniedException", message);
    case absl::StatusCode::kNotFound:
      return error_response(404, "NotFoundException", message);
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
      return error_response(409, "ConflictException", message);
    case absl::StatusCode::kResourceExhausted:
      return error_response(429, "LimitExceededException", message);
    default:
      return error_response(503, "ServiceUnavailableException", message);
  }
}

}  // namespace weir
