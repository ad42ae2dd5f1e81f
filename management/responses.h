// The answers that operations of the management interface have in common.

#ifndef WEIR_MANAGEMENT_RESPONSES_H_
#define WEIR_MANAGEMENT_RESPONSES_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/enforcer/requests.h"
#include "weir/http/message.h"
#include "weir/json/json_writer.h"
#include "weir/management/status_response.h"

namespace weir {

HttpResponse json_response(int status, std::string body);

// The answer to a body that cannot be read. It is always 400, also if the
// body exceeds a limit.
HttpResponse unreadable(const absl::Status& status);

// 202 without a body, or the error.
HttpResponse accepted(const absl::Status& status);

// A page of a list: `write(item, json)` writes each item.
template <class T, class Write>
HttpResponse list_response(const absl::StatusOr<Page<T>>& page, Write write) {
  if (!page.ok()) return status_response(page.status());
  JsonWriter json(JsonStyle::kCompact);
  json.begin_object();
  if (!page->position.empty()) {
    json.key("position");
    json.string(page->position);
  }
  json.key("item");
  json.begin_array();
  for (const T& item : page->items) write(item, json);
  json.end_array();
  json.end_object();
  return json_response(200, std::move(json).text());
}

}  // namespace weir

#endif  // WEIR_MANAGEMENT_RESPONSES_H_
