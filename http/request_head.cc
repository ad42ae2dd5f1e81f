#include "http/request_head.h"

#include <cstring>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "http/grammar.h"
#include "json/text.h"

namespace weir {
namespace {

absl::Status malformed(std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("malformed request: ", to_absl(what)));
}

std::string_view strip_blanks(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

// Takes a line and its CR LF off `rest`, which has them all.
std::string_view take_line(std::string_view& rest) {
  const std::string_view line = rest.substr(0, rest.find('\n') - 1);
  rest.remove_prefix(line.size() + 2);
  return line;
}

absl::Status read_request_line(std::string_view line, RequestHead& head) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == line.npos || first == last) return malformed("request line");
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!is_token(method)) return malformed("method");
  if (!is_request_target(target)) return malformed("request target");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return malformed("not HTTP/1.1 or 1.0");
  }
  head.request.method.assign(method);
  head.request.target.assign(target);
  head.is_http_1_0 = version == "HTTP/1.0";
  head.keeps_alive = !head.is_http_1_0;
  return absl::OkStatus();
}

// What the headers say of the request itself.
struct Framing {
  int hosts = 0;
  int lengths = 0;
  int encodings = 0;
};

void read_connection(std::string_view value, RequestHead& head) {
  for (const absl::string_view part : absl::StrSplit(to_absl(value), ',')) {
    const absl::string_view option = absl::StripAsciiWhitespace(part);
    if (absl::EqualsIgnoreCase(option, "close")) {
      head.keeps_alive = false;
      return;
    }
    if (absl::EqualsIgnoreCase(option, "keep-alive")) head.keeps_alive = true;
  }
}

absl::Status read_framing(std::string_view name, std::string_view value,
                          Framing& framing, RequestHead& head) {
  if (name == "host") {
    ++framing.hosts;
    if (!is_authority(value)) return malformed("Host");
  } else if (name == "content-length") {
    ++framing.lengths;
    const auto length = parse_content_length(value);
    if (!length.has_value()) return malformed("Content-Length");
    head.content_length = *length;
  } else if (name == "transfer-encoding") {
    ++framing.encodings;
    if (!absl::EqualsIgnoreCase(to_absl(value), "chunked")) {
      return malformed("Transfer-Encoding other than chunked");
    }
    head.is_chunked = true;
  } else if (name == "expect") {
    head.expects_continue |=
        absl::EqualsIgnoreCase(to_absl(value), "100-continue");
  } else if (name == "connection") {
    read_connection(value, head);
  }
  return absl::OkStatus();
}

absl::Status check_framing(const Framing& framing, const RequestHead& head) {
  if (framing.hosts > 1 || (framing.hosts == 0 && !head.is_http_1_0)) {
    return malformed("not one Host");
  }
  if (framing.lengths + framing.encodings > 1) {
    return malformed("its length is said more than once");
  }
  if (framing.encodings > 0 && head.is_http_1_0) {
    return malformed("Transfer-Encoding in HTTP/1.0");
  }
  return absl::OkStatus();
}

absl::Status read_header(std::string_view line, std::string& name,
                         std::string& value) {
  const size_t colon = line.find(':');
  if (colon == line.npos) return malformed("a header line without a colon");
  const std::string_view received_name = line.substr(0, colon);
  const std::string_view received_value = line.substr(colon + 1);
  if (!is_token(received_name)) {
    return malformed("header name " + excerpt(received_name));
  }
  if (!is_header_value(received_value)) {
    return malformed("control characters in header " + excerpt(received_name));
  }
  name.assign(received_name);
  absl::AsciiStrToLower(&name);
  value.assign(strip_blanks(received_value));
  return absl::OkStatus();
}

// Takes "http://host" off a target, and makes it the only Host.
absl::Status resolve_absolute_form(HttpRequest& request) {
  absl::string_view rest = request.target;
  if (rest.front() == '/' || (!absl::StartsWithIgnoreCase(rest, "http://") &&
                              !absl::StartsWithIgnoreCase(rest, "https://"))) {
    return absl::OkStatus();
  }
  rest.remove_prefix(rest.find(':') + 3);
  const size_t end = rest.find_first_of("/?#");
  const std::string authority(rest.substr(0, end));
  if (authority.empty() || !is_authority(authority)) {
    return malformed("request target");
  }
  std::string path(end == rest.npos ? "" : rest.substr(end));
  if (path.empty() || path.front() != '/') path.insert(0, 1, '/');
  request.target = std::move(path);
  for (auto& [name, value] : request.headers) {
    if (name == "host") {
      value = authority;
      return absl::OkStatus();
    }
  }
  request.headers.emplace_back("host", authority);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::optional<size_t>> HeadScanner::find_end(
    std::string_view received) {
  if (!received.empty() && !is_token(received.substr(0, 1))) {
    return malformed("request line");
  }
  while (true) {
    const size_t end = received.find('\n', scanned_);
    if (end == received.npos) {
      scanned_ = received.size();
      return std::nullopt;
    }
    if (end == line_ || received[end - 1] != '\r') {
      return malformed("a line that ends in LF alone");
    }
    scanned_ = end + 1;
    if (end == line_ + 1) return scanned_;
    line_ = scanned_;
  }
}

absl::Status read_head(std::string_view received, RequestHead& head) {
  head.content_length = 0;
  head.is_chunked = head.expects_continue = false;
  head.request.body.clear();
  auto status = read_request_line(take_line(received), head);
  if (!status.ok()) return status;

  HttpHeaders& headers = head.request.headers;
  Framing framing;
  size_t count = 0;
  while (received != "\r\n") {
    if (count == headers.size()) headers.emplace_back();
    auto& [name, value] = headers[count++];
    status = read_header(take_line(received), name, value);
    if (status.ok()) status = read_framing(name, value, framing, head);
    if (!status.ok()) return status;
  }
  headers.resize(count);
  status = check_framing(framing, head);
  if (!status.ok()) return status;
  return resolve_absolute_form(head.request);
}

}  // namespace weir
