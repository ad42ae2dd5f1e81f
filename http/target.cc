#include "weir/http/target.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "weir/base/text.h"
#include "weir/base/utf8.h"

namespace weir {
namespace {

int digit_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  const char lower = absl::ascii_tolower(static_cast<unsigned char>(digit));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Decodes `part` into text that is safe to compare, store and show.
absl::StatusOr<std::string> decoded_text(std::string_view part) {
  auto text = percent_decoded(part);
  if (!text.ok()) return text;
  const bool printable =
      internal::is_utf8(*text) &&
      std::none_of(text->begin(), text->end(), absl::ascii_iscntrl);
  if (!printable) {
    return absl::InvalidArgumentError(absl::StrCat(
        "request target: ", internal::excerpt(part),
        " does not stand for UTF-8 text without control characters"));
  }
  return text;
}

// Removes and returns the text before the first `divider`, or all of it;
// removes the divider, too.
std::string_view take_part(std::string_view& rest, char divider) {
  const std::string_view part = rest.substr(0, rest.find(divider));
  rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  return part;
}

}  // namespace

absl::StatusOr<std::string> percent_decoded(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result.push_back(text[i]);
      continue;
    }
    const std::string_view digits = text.substr(i + 1, 2);
    const int high = digits.size() == 2 ? digit_value(digits[0]) : -1;
    const int low = digits.size() == 2 ? digit_value(digits[1]) : -1;
    if (high < 0 || low < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("request target: in ", internal::excerpt(text),
                       ", a '%' is not followed by two hexadecimal digits"));
    }
    result.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return result;
}

std::string percent_encoded(std::string_view text, bool slashes_kept) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || c == '-' || c == '.' || c == '_' ||
        c == '~' || (c == '/' && slashes_kept)) {
      result.push_back(c);
    } else {
      result.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    }
  }
  return result;
}

std::optional<std::string_view> Target::parameter(std::string_view name) const {
  for (const auto& [own_name, value] : parameters) {
    if (own_name == name) return value;
  }
  return std::nullopt;
}

absl::StatusOr<Target> parse_target(std::string_view text) {
  if (text.empty() || text.front() != '/') {
    return absl::InvalidArgumentError(absl::StrCat(
        "request target: expected a path, found ", internal::excerpt(text)));
  }
  Target target;
  target.raw_query = text;
  target.raw_path = take_part(target.raw_query, '?');

  std::string_view path = target.raw_path.substr(1);
  for (bool last = false; !last;) {
    last = path.find('/') == path.npos;
    auto segment = decoded_text(take_part(path, '/'));
    if (!segment.ok()) return segment.status();
    target.segments.push_back(*std::move(segment));
  }

  for (std::string_view query = target.raw_query; !query.empty();) {
    std::string_view value = take_part(query, '&');
    if (value.empty()) continue;
    auto name = decoded_text(take_part(value, '='));
    if (!name.ok()) return name.status();
    auto decoded = decoded_text(value);
    if (!decoded.ok()) return decoded.status();
    target.parameters.emplace_back(*std::move(name), *std::move(decoded));
  }
  return target;
}

}  // namespace weir
