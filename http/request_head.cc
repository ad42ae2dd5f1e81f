#include "weir/http/request_head.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "weir/base/text.h"
#include "weir/http/grammar.h"

namespace weir {
namespace {

absl::Status malformed(std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("malformed request: ", internal::to_absl(what)));
}

// Removes "http://host" from the target, and makes `host` the only Host.
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

RequestHeadBuilder::RequestHeadBuilder(RequestHead* head) : head_(*head) {
  head_.content_length = 0;
  head_.is_chunked = head_.expects_continue = false;
  head_.request.body.clear();
}

void RequestHeadBuilder::set_request_line(std::string_view method,
                                          std::string_view target,
                                          bool is_http_1_0) {
  head_.request.method.assign(method);
  head_.request.target.assign(target);
  head_.is_http_1_0 = is_http_1_0;
  head_.keeps_alive = !is_http_1_0;
}

absl::Status RequestHeadBuilder::add_header(std::string_view name,
                                            std::string_view value) {
  HttpHeaders& headers = head_.request.headers;
  if (headers_ == headers.size()) headers.emplace_back();
  auto& [own_name, own_value] = headers[headers_++];
  own_name.resize(name.size());
  std::transform(name.begin(), name.end(), own_name.begin(),
                 [](unsigned char c) { return absl::ascii_tolower(c); });
  own_value.assign(value);
  return read_framing(own_name, value);
}

absl::Status RequestHeadBuilder::read_framing(std::string_view name,
                                              std::string_view value) {
  if (name == "host") {
    ++hosts_;
    if (!is_authority(value)) return malformed("Host");
  } else if (name == "content-length") {
    ++lengths_;
    const auto length = parse_content_length(value);
    if (!length.has_value()) return malformed("Content-Length");
    head_.content_length = *length;
  } else if (name == "transfer-encoding") {
    ++encodings_;
    if (!absl::EqualsIgnoreCase(internal::to_absl(value), "chunked")) {
      return malformed("Transfer-Encoding other than chunked");
    }
    head_.is_chunked = true;
  } else if (name == "expect") {
    head_.expects_continue |=
        absl::EqualsIgnoreCase(internal::to_absl(value), "100-continue");
  } else if (name == "connection") {
    read_connection(value);
  }
  return absl::OkStatus();
}

void RequestHeadBuilder::read_connection(std::string_view value) {
  for (const absl::string_view part :
       absl::StrSplit(internal::to_absl(value), ',')) {
    const absl::string_view option = absl::StripAsciiWhitespace(part);
    if (absl::EqualsIgnoreCase(option, "close")) closes_ = true;
    if (absl::EqualsIgnoreCase(option, "keep-alive")) head_.keeps_alive = true;
  }
}

absl::Status RequestHeadBuilder::finish() {
  head_.request.headers.resize(headers_);
  head_.keeps_alive &= !closes_;
  if (hosts_ > 1 || (hosts_ == 0 && !head_.is_http_1_0)) {
    return malformed("not one Host");
  }
  if (lengths_ + encodings_ > 1) {
    return malformed("its length is said more than once");
  }
  if (encodings_ > 0 && head_.is_http_1_0) {
    return malformed("Transfer-Encoding in HTTP/1.0");
  }
  return resolve_absolute_form(head_.request);
}

}  // namespace weir
