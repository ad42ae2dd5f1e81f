#include "weir/patch/json_pointer.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "weir/base/text.h"
#include "weir/base/utf8.h"

namespace weir::patch {
namespace {

absl::StatusOr<std::string> unescape(std::string_view escaped) {
  std::string segment;
  segment.reserve(escaped.size());
  for (size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] != '~') {
      segment += escaped[i];
      continue;
    }
    const char code = ++i < escaped.size() ? escaped[i] : '\0';
    if (code != '0' && code != '1') {
      return absl::InvalidArgumentError(
          absl::StrCat("'~' must be followed by '0' or '1' in ",
                       internal::excerpt(escaped)));
    }
    segment += code == '0' ? '~' : '/';
  }
  return segment;
}

}  // namespace

absl::StatusOr<JsonPointer> JsonPointer::parse(std::string_view text,
                                               size_t max_bytes,
                                               size_t max_depth) {
  if (text.empty()) return JsonPointer();
  if (text.size() > max_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a pointer of ", text.size(), " bytes, at most ",
                     max_bytes, " are allowed"));
  }
  if (text[0] != '/') {
    return absl::InvalidArgumentError("a pointer starts with '/' or is empty");
  }
  if (!internal::is_utf8(text)) {
    return absl::InvalidArgumentError("a pointer is UTF-8");
  }
  const size_t depth = std::count(text.begin(), text.end(), '/');
  if (depth > max_depth) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a pointer of ", depth, " segments, at most ", max_depth,
                     " are allowed"));
  }
  std::vector<std::string> segments;
  segments.reserve(depth);
  for (size_t begin = 1; segments.size() < depth;) {
    const size_t end = std::min(text.find('/', begin), text.size());
    auto segment = unescape(text.substr(begin, end - begin));
    if (!segment.ok()) return segment.status();
    segments.push_back(*std::move(segment));
    begin = end + 1;
  }
  return JsonPointer(std::move(segments));
}

std::string JsonPointer::to_string() const {
  std::string text;
  for (const std::string& segment : segments_) {
    text += '/';
    for (const char c : segment) {
      if (c == '~') {
        text += "~0";
      } else if (c == '/') {
        text += "~1";
      } else {
        text += c;
      }
    }
  }
  return text;
}

absl::StatusOr<size_t> parse_array_index(std::string_view segment,
                                         size_t size) {
  if (segment == "-") return size;
  const bool digits = !segment.empty() &&
                      std::all_of(segment.begin(), segment.end(),
                                  [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || (segment[0] == '0' && segment.size() > 1)) {
    return absl::InvalidArgumentError(
        "expected an array index (digits without a leading zero, or '-')");
  }
  size_t index = 0;
  const auto [end, error] =
      std::from_chars(segment.data(), segment.data() + segment.size(), index);
  return error == std::errc() ? index : std::numeric_limits<size_t>::max();
}

}  // namespace weir::patch
