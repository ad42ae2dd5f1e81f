#include "management/error_response.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "json/json_writer.h"
#include "plan/plan_error.h"

namespace weir {
namespace {

void add_retry_after(int seconds, HttpResponse& response) {
  response.headers.emplace_back("retry-after", absl::StrCat(seconds));
}

}  // namespace

HttpResponse error_response(int status, std::string_view exception,
                            std::string_view message) {
  JsonWriter json(JsonStyle::kCompact);
  json.begin_object();
  json.key("message");
  json.string(message);
  json.end_object();
  return {status,
          {{"content-type", "application/json"},
           {"x-amzn-errortype", std::string(exception)}},
          std::move(json).text()};
}

HttpResponse error_response(const absl::Status& error) {
  const std::string message = aws_message(error);
  switch (error.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
      return error_response(400, "BadRequestException", message);
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return error_response(401, "UnauthorizedException", message);
    case absl::StatusCode::kNotFound:
      return error_response(404, "NotFoundException", message);
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
      return error_response(409, "ConflictException", message);
    case absl::StatusCode::kResourceExhausted:
      return error_response(429, "LimitExceededException", message);
    default:
      HttpResponse response =
          error_response(503, "ServiceUnavailableException", message);
      add_retry_after(1, response);
      return response;
  }
}

HttpResponse too_many_requests(int retry_after_seconds) {
  HttpResponse response =
      error_response(429, "TooManyRequestsException", "Too Many Requests");
  add_retry_after(retry_after_seconds, response);
  return response;
}

}  // namespace weir
