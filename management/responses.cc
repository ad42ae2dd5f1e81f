#include "weir/management/responses.h"

#include <utility>

#include "weir/http/error_response.h"
#include "weir/plan/plan_error.h"

namespace weir {

HttpResponse json_response(int status, std::string body) {
  return {status, {{"content-type", "application/json"}}, std::move(body)};
}

HttpResponse unreadable(const absl::Status& status) {
  return error_response(400, "BadRequestException", aws_message(status));
}

HttpResponse accepted(const absl::Status& status) {
  return status.ok() ? HttpResponse{202, {}, ""} : status_response(status);
}

}  // namespace weir
