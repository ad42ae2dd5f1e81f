#include "cli/access_log.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "cli/log_time.h"
#include "json/text.h"

namespace weir::cli {
namespace {

constexpr std::string_view kBlanks = " \t";

LogLine malformed(std::string_view reason) {
  LogLine line;
  line.kind = LogLine::Kind::kMalformed;
  line.reason = reason;
  return line;
}

LogLine request(const LogEntry& entry) {
  LogLine line;
  line.kind = LogLine::Kind::kRequest;
  line.entry = entry;
  return line;
}

void skip_blanks(std::string_view* rest) {
  rest->remove_prefix(std::min(rest->find_first_not_of(kBlanks), rest->size()));
}

// Takes what is before the next blank, and the blanks; "" at the end.
std::string_view take_field(std::string_view* rest) {
  const std::string_view field = rest->substr(0, rest->find_first_of(kBlanks));
  rest->remove_prefix(field.size());
  skip_blanks(rest);
  return field;
}

// Takes a field between `open` and `close`, with blanks in it perhaps, and the
// blanks behind. A character after a backslash does not close. Nothing if
// `rest` does not begin with such a field.
std::optional<std::string_view> take_enclosed(char open, char close,
                                              std::string_view* rest) {
  if (rest->empty() || rest->front() != open) return std::nullopt;
  std::size_t end = 1;
  while (end < rest->size() && (*rest)[end] != close) {
    end += (*rest)[end] == '\\' ? 2 : 1;
  }
  if (end >= rest->size()) return std::nullopt;
  const std::string_view content = rest->substr(1, end - 1);
  rest->remove_prefix(end + 1);
  if (!rest->empty() && kBlanks.find(rest->front()) == kBlanks.npos) {
    return std::nullopt;
  }
  skip_blanks(rest);
  return content;
}

bool is_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

bool is_method(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_isalpha(c) || c == '-' || c == '_';
         });
}

// Splits `GET http://host/path?query HTTP/1.1` into method and path.
bool split_request_line(std::string_view line, LogEntry* entry) {
  entry->method = take_field(&line);
  // A path that was sent with blanks in it goes to the version.
  const std::size_t version = line.rfind(" HTTP/");
  std::string_view target = line.substr(0, version);
  const std::size_t scheme = target.substr(0, target.find('/')).find(':');
  if (scheme != target.npos && target.substr(scheme, 3) == "://") {
    target.remove_prefix(scheme + 3);
    target.remove_prefix(std::min(target.find('/'), target.size()));
    if (target.empty()) target = "/";
  }
  entry->path = target;
  return is_method(entry->method) && !target.empty() &&
         (target.front() == '/' || target == "*" || entry->method == "CONNECT");
}

LogLine parse_common(std::string_view line, KeyField field) {
  LogEntry entry;
  const std::string_view host = take_field(&line);
  take_field(&line);  // ident
  const std::string_view user = take_field(&line);
  const auto time_text = take_enclosed('[', ']', &line);
  if (!time_text) {
    return malformed("expected host, ident, user and a time in brackets");
  }
  const auto time = parse_common_log_time(*time_text);
  if (!time) {
    return malformed(
        "expected a time such as [17/May/2015:10:05:03 +0000], 1970 to 2089");
  }
  entry.unix_ns = *time;

  const auto request_line = take_enclosed('"', '"', &line);
  if (!request_line) return malformed("expected a request line in quotes");
  if (*request_line == "-") return malformed("the request line is \"-\"");
  if (!split_request_line(*request_line, &entry)) {
    return malformed("the request line has no method and path");
  }
  const std::string_view status = take_field(&line);
  const std::string_view bytes = take_field(&line);
  if (status.size() != 3 || !is_digits(status) || bytes.empty() ||
      !(bytes == "-" || is_digits(bytes))) {
    return malformed("expected a status and a size after the request line");
  }
  switch (field) {
    case KeyField::kDefault:
    case KeyField::kHost:
      entry.key = host;
      break;
    case KeyField::kUser:
      entry.key = user;
      break;
    case KeyField::kReferer:
    case KeyField::kAgent: {
      // Looked at only here: a line that was cut short behind what is needed
      // still tells of a request.
      const auto referer = take_enclosed('"', '"', &line);
      const auto agent = take_enclosed('"', '"', &line);
      if (!agent) return malformed("expected a referer and an agent in quotes");
      entry.key = field == KeyField::kReferer ? *referer : *agent;
      break;
    }
    case KeyField::kKey:
      return malformed("an Apache or nginx line has no field \"key\"");
  }
  return request(entry);
}

LogLine parse_own(std::string_view line, KeyField field) {
  LogEntry entry;
  const std::string_view time_text = take_field(&line);
  auto time = parse_rfc3339(time_text);
  if (!time) time = parse_unix_seconds(time_text);
  if (!time) {
    return malformed(
        "expected an Apache or nginx line, or a time (RFC 3339 or Unix "
        "seconds, 1970 to 2089) first");
  }
  entry.unix_ns = *time;
  entry.key = take_field(&line);
  if (entry.key.empty()) return malformed("expected a key after the time");
  entry.key_is_secret = true;

  entry.stage = take_field(&line);
  const std::size_t colon = entry.stage.find(':');
  if (colon == entry.stage.npos || colon == 0 ||
      colon + 1 == entry.stage.size()) {
    return malformed("expected apiId:stage after the key");
  }
  const std::string_view method_key = take_field(&line);
  const std::size_t slash = method_key.rfind('/');
  if (slash == method_key.npos || method_key.front() != '/' ||
      !is_method(method_key.substr(slash + 1))) {
    return malformed("expected /path/METHOD after the stage");
  }
  entry.path = slash == 0 ? "/" : method_key.substr(0, slash);
  entry.method = method_key.substr(slash + 1);

  if (!line.empty()) {
    const std::string_view cost_text = take_field(&line);
    if (!is_digits(cost_text) ||
        !absl::SimpleAtoi(to_absl(cost_text), &entry.cost)) {
      return malformed("expected a cost from 0 to 4294967295");
    }
  }
  if (!line.empty()) return malformed("there is text after the cost");
  if (field != KeyField::kDefault && field != KeyField::kKey) {
    return malformed("the line has no other key than its field \"key\"");
  }
  return request(entry);
}

}  // namespace

std::optional<KeyField> key_field_from_name(std::string_view name) {
  if (name == "key") return KeyField::kKey;
  if (name == "host") return KeyField::kHost;
  if (name == "user") return KeyField::kUser;
  if (name == "referer") return KeyField::kReferer;
  if (name == "agent") return KeyField::kAgent;
  return std::nullopt;
}

LogLine parse_log_line(std::string_view line, KeyField field) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  if (line.empty() || line.front() == '#') return LogLine();
  // Only a common log has brackets, but for keys that begin with one.
  const std::string_view first = line.substr(0, line.find_first_of(kBlanks));
  const bool common = line.find(" [") != line.npos && !parse_rfc3339(first) &&
                      !parse_unix_seconds(first);
  return common ? parse_common(line, field) : parse_own(line, field);
}

}  // namespace weir::cli
