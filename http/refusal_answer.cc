#include "weir/http/refusal_answer.h"

#include "weir/http/error_response.h"
#include "weir/http/request_id.h"

namespace weir {
namespace {

// An error that the handler has no part in.
HttpResponse own_error(int status, std::string_view type,
                       std::string_view message) {
  HttpResponse response = error_response(status, type, message);
  response.headers.emplace_back("x-amzn-requestid", new_request_id());
  return response;
}

}  // namespace

HttpResponse refusal_answer(HttpRefusal reason) {
  const auto unavailable = [](std::string_view message) {
    return own_error(503, "ServiceUnavailableException", message);
  };
  switch (reason) {
    case HttpRefusal::kBodyTooLarge:
      return own_error(413, "RequestEntityTooLargeException",
                       "Request body too large");
    case HttpRefusal::kTimeout:
      return own_error(408, "RequestTimeoutException",
                       "The request was not there in time");
    case HttpRefusal::kConnections:
      return unavailable("Too many connections");
    case HttpRefusal::kRequests:
      return unavailable("Too many requests at once");
    case HttpRefusal::kMemory:
      return unavailable("Too many request bodies and answers at once");
    case HttpRefusal::kHeadTooLarge:
      return own_error(431, "BadRequestException",
                       "Request header fields too large");
    case HttpRefusal::kMalformed:
    case HttpRefusal::kHandshake:
      break;
  }
  return own_error(400, "BadRequestException", "malformed request");
}

HttpResponse malformed_answer(std::string_view message) {
  return own_error(400, "BadRequestException", message);
}

HttpResponse target_too_long_answer() {
  return own_error(414, "BadRequestException", "Request target too long");
}

HttpResponse internal_error_answer() {
  return own_error(500, "InternalFailure", "Internal server error");
}

}  // namespace weir
