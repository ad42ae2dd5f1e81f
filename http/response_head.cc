#include "weir/http/response_head.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "weir/base/text.h"
#include "weir/http/grammar.h"
#include "weir/http/headers.h"

namespace weir {
namespace {

struct Reason {
  int status;
  std::string_view text;
};

constexpr Reason kReasons[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
};

// The reason phrase; may be empty (RFC 9112 section 4).
std::string_view reason_of(int status) {
  for (const Reason& reason : kReasons) {
    if (reason.status == status) return reason.text;
  }
  return {};
}

// The length distinguishes most names.
bool is_servers_own(std::string_view name) {
  const auto is = [&name](std::string_view own) {
    return absl::EqualsIgnoreCase(internal::to_absl(name),
                                  internal::to_absl(own));
  };
  switch (name.size()) {
    case 4:
      return is("date");
    case 7:
      return is("upgrade");
    case 10:
      return is("connection") || is("keep-alive");
    case 14:
      return is("content-length");
    case 17:
      return is("transfer-encoding");
    default:
      return false;
  }
}

bool has_no_body(int status) { return status == 204; }

void append_number(uint64_t number, std::string& text) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof(digits), number);
  text.append(digits, end.ptr);
}

// Appends in one step: most of an answer's time is spent here.
void append_header(std::string_view name, std::string_view value,
                   std::string& text) {
  const size_t begin = text.size();
  text.resize(begin + name.size() + value.size() + 4);
  char* out = &text[begin];
  out = std::copy(name.begin(), name.end(), out);
  *out++ = ':';
  *out++ = ' ';
  out = std::copy(value.begin(), value.end(), out);
  *out++ = '\r';
  *out++ = '\n';
}

// A Content-Length that all clients can represent.
constexpr uint64_t kMaxLength = uint64_t{1} << 62;

// The Content-Length; nullopt if it is unknown.
std::optional<uint64_t> length_of(const HttpResponse& response,
                                  const ResponseContext& context) {
  if (sends_body(response, context) || !response.body.empty()) {
    return response.body.size();
  }
  const auto length = parse_content_length(
      single_header(response.headers, "content-length").value_or(""));
  return length <= kMaxLength ? length : std::nullopt;
}

}  // namespace

bool sends_body(const HttpResponse& response, const ResponseContext& context) {
  return !context.to_head && response.status != 304 &&
         !has_no_body(response.status);
}

void append_response_head(const HttpResponse& response,
                          const ResponseContext& context, std::string& text) {
  text.append("HTTP/1.1 ");
  append_number(static_cast<uint64_t>(response.status), text);
  text.append(" ").append(reason_of(response.status));
  text.append("\r\nDate: ").append(context.date).append("\r\n");
  if (!has_no_body(response.status)) {
    if (const auto length = length_of(response, context)) {
      text.append("Content-Length: ");
      append_number(*length, text);
      text.append("\r\n");
    }
  }
  if (context.closes) {
    text.append("Connection: close\r\n");
  } else if (context.to_http_1_0) {
    text.append("Connection: keep-alive\r\n");
  }
  for (const auto& [name, value] : response.headers) {
    if (is_token(name) && is_header_value(value) && !is_servers_own(name)) {
      append_header(name, value, text);
    }
  }
  text.append("\r\n");
}

std::string http_date(int64_t unix_seconds) {
  return absl::FormatTime("%a, %d %b %E4Y %H:%M:%S GMT",
                          absl::FromUnixSeconds(unix_seconds),
                          absl::UTCTimeZone());
}

}  // namespace weir
