#include "weir/cli/replay/log/request_line.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "weir/cli/replay/log/scan.h"

namespace weir::cli {

bool is_method(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_isalpha(c) || c == '-' || c == '_';
         });
}

std::string_view split_request_line(std::string_view line, LogEntry* entry,
                                    const char** reason) {
  if (line == "-") {
    *reason = "the request line is \"-\"";
    return "";
  }
  entry->method = take_field(&line);
  // A path sent with blanks extends to the version.
  const std::size_t version = line.rfind(" HTTP/");
  entry->target = line.substr(0, version);
  const bool is_target = !entry->target.empty() &&
                         (entry->target.front() == '/' ||
                          entry->target == "*" || entry->method == "CONNECT" ||
                          entry->target.find("://") != entry->target.npos);
  if (!is_method(entry->method) || !is_target) {
    *reason = "the request line has no method and path";
  }
  return version == line.npos ? "" : line.substr(version + 1);
}

bool set_resource(std::string_view text, LogEntry* entry) {
  if (text.empty() || text.front() != '/') {
    if (text == "$default") {
      text = "";
    } else {
      const std::string_view method = take_field(&text);
      if (!is_method(method) || text.empty() || text.front() != '/') {
        return false;
      }
      if (entry->method.empty() && method != "ANY") entry->method = method;
    }
  }
  entry->target = text;
  entry->is_resource = true;
  return true;
}

std::string_view without_origin(std::string_view target) {
  const std::size_t scheme = target.substr(0, target.find('/')).find(':');
  if (scheme == target.npos || target.substr(scheme, 3) != "://") return target;
  target.remove_prefix(scheme + 3);
  target.remove_prefix(std::min(target.find('/'), target.size()));
  return target.empty() ? "/" : target;
}

}  // namespace weir::cli
