#include "http/request_head.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "http/grammar.h"
#include "json/text.h"

namespace weir {
namespace {

absl::Status malformed(std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("malformed request: ", to_absl(what)));
}

const char* end_of(std::string_view text) { return text.data() + text.size(); }

// Where the line after that of a value begins, in a buffer that ends at `end`.
// Parsers write a NUL behind each value; newer ones before white space that
// ends it, and leave what follows as it was received.
const char* next_line(std::string_view value, const char* end) {
  const char* const start = end_of(value);
  if (start < end && *start == '\0') {
    const char* const rest = std::find_if(
        start + 1, end, [](char c) { return c != ' ' && c != '\t'; });
    if (end - rest >= 2 && rest[0] == '\r' && rest[1] == '\n') return rest + 2;
  }
  return start + 2;
}

// Whether the parts lie as they do in a head without anything else in it. A
// parser that cut a line at a NUL, joined two, or took a lone CR or LF for a
// line's end has left a part elsewhere.
bool is_contiguous(const ReceivedHead& received) {
  if (received.target_start != end_of(received.method) + 1 ||
      received.version.data() !=
          received.target_start + received.target.size() + 1) {
    return false;
  }
  const char* const end = received.method.data() + received.bytes;
  const char* line = end_of(received.version) + 2;
  for (const auto& [name, value] : received.headers) {
    if (name.data() != line || value.data() <= end_of(name)) return false;
    line = next_line(value, end);
  }
  return line + 2 == end;
}

}  // namespace

absl::StatusOr<RequestHead> read_head(const ReceivedHead& received) {
  if (!is_contiguous(received)) {
    return malformed("its head has NUL bytes, folded or unfinished lines");
  }
  if (!is_token(received.method)) return malformed("method");
  if (!is_request_target(received.target)) return malformed("request target");

  RequestHead head;
  head.request.method = std::string(received.method);
  head.request.target = std::string(received.target);
  head.request.headers.reserve(received.headers.size());
  int hosts = 0;
  int lengths = 0;
  int encodings = 0;
  for (const auto& [name, received_value] : received.headers) {
    if (!is_token(name)) {
      return malformed("header name " + excerpt(name));
    }
    if (!is_header_value(received_value)) {
      return malformed("control characters in header " + excerpt(name));
    }
    std::string key = absl::AsciiStrToLower(to_absl(name));
    std::string value(absl::StripAsciiWhitespace(to_absl(received_value)));
    if (key == "host") {
      ++hosts;
    } else if (key == "content-length") {
      ++lengths;
      const auto length = parse_content_length(value);
      if (!length.has_value()) return malformed("Content-Length");
      head.content_length = *length;
    } else if (key == "transfer-encoding") {
      ++encodings;
      if (!absl::EqualsIgnoreCase(value, "chunked")) {
        return malformed("Transfer-Encoding other than chunked");
      }
    } else if (key == "expect") {
      head.expects_continue |= absl::EqualsIgnoreCase(value, "100-continue");
    }
    head.request.headers.emplace_back(std::move(key), std::move(value));
  }
  const bool old = received.version == "HTTP/1.0";
  if (hosts > 1 || (hosts == 0 && !old)) return malformed("not one Host");
  if (lengths + encodings > 1) {
    return malformed("its length is said more than once");
  }
  if (encodings > 0 && old) return malformed("Transfer-Encoding in HTTP/1.0");
  return head;
}

}  // namespace weir
