// Parsing of request lines in logs.

#ifndef WEIR_CLI_REPLAY_LOG_REQUEST_LINE_H_
#define WEIR_CLI_REPLAY_LOG_REQUEST_LINE_H_

#include <string_view>

#include "weir/cli/replay/log/log_entry.h"

namespace weir::cli {

bool is_method(std::string_view text);

// Sets method and target from `GET /path?query HTTP/1.1`. The target is as
// sent, in any of HTTP's forms, and may contain blanks. Returns the version, ""
// if there is none. Sets `*reason` if `line` is not a request line.
std::string_view split_request_line(std::string_view line, LogEntry* entry,
                                    const char** reason);

// Sets the resource from what API Gateway calls a resource path, "/pets/{id}",
// or a route key, "GET /pets" or "$default". If the entry has no method, sets
// that of the route key. Returns false if the text is neither.
bool set_resource(std::string_view text, LogEntry* entry);

// Removes the "http://host:80" that load balancers write before the path.
std::string_view without_origin(std::string_view target);

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_LOG_REQUEST_LINE_H_
