#include "weir/http/error_response.h"

#include <string>
#include <utility>

#include "weir/http/random_sequence.h"
#include "weir/json/json_writer.h"

namespace weir {

HttpResponse error_response(int status, std::string_view type,
                            std::string_view message) {
  HttpResponse response;
  response.status = status;
  response.headers = {{"content-type", "application/json"},
                      {"x-amzn-errortype", std::string(type)}};
  if (status == 429 || status == 503) {
    response.headers.emplace_back("retry-after",
                                  std::to_string(overload_retry_after()));
  }
  JsonWriter json(JsonStyle::kCompact);
  json.begin_object();
  json.key("message");
  json.string(message);
  json.end_object();
  response.body = std::move(json).text();
  return response;
}

int overload_retry_after() {
  thread_local RandomSequence sequence;
  return 1 + static_cast<int>(sequence.next() % kMaxOverloadRetryAfter);
}

}  // namespace weir
