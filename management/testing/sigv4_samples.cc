#include "weir/management/testing/sigv4_samples.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "weir/http/headers.h"

namespace weir {
namespace {

// Removes and returns the text before the first `divider`, or all of it;
// removes the divider, too.
absl::string_view take_part(absl::string_view& rest, char divider) {
  const absl::string_view part = rest.substr(0, rest.find(divider));
  rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  return part;
}

}  // namespace

HttpRequest request_from_text(std::string_view text) {
  absl::string_view rest(text.data(), text.size());
  HttpRequest request;
  absl::string_view line = take_part(rest, '\n');
  request.method = std::string(take_part(line, ' '));
  request.target = std::string(line.substr(0, line.rfind(' ')));
  while (!rest.empty()) {
    line = absl::StripAsciiWhitespace(take_part(rest, '\n'));
    if (line.empty()) break;
    std::string name = absl::AsciiStrToLower(take_part(line, ':'));
    request.headers.emplace_back(std::move(name),
                                 std::string(absl::StripAsciiWhitespace(line)));
  }
  request.body = std::string(rest);
  return request;
}

std::string_view header_of(const HttpRequest& request, std::string_view name) {
  return first_header(request.headers, name).value_or("");
}

}  // namespace weir
