#include "weir/cli/replay/log/scan.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"

namespace weir::cli {
namespace {

int hex_value(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (!absl::ascii_isxdigit(byte)) return -1;
  return absl::ascii_isdigit(byte) ? c - '0'
                                   : absl::ascii_tolower(byte) - 'a' + 10;
}

}  // namespace

void skip_blanks(std::string_view* rest) {
  rest->remove_prefix(std::min(rest->find_first_not_of(kBlanks), rest->size()));
}

std::string_view take_field(std::string_view* rest) {
  const std::string_view field = rest->substr(0, rest->find_first_of(kBlanks));
  rest->remove_prefix(field.size());
  skip_blanks(rest);
  return field;
}

std::optional<std::string_view> take_quoted(std::string_view* rest) {
  if (rest->empty() || rest->front() != '"') return std::nullopt;
  std::size_t end = 1;
  while (end < rest->size() && (*rest)[end] != '"') {
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

bool is_number(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

std::string without_escapes(std::string_view text, char escape) {
  std::string plain;
  plain.reserve(text.size());
  while (!text.empty()) {
    const bool escaped = text.front() == escape && text.size() > 1;
    const std::size_t digits = escape == '#' || !escaped ? 1
                               : text[1] == 'x'          ? 2
                                                         : text.size();
    const int high =
        escaped && digits + 1 < text.size() ? hex_value(text[digits]) : -1;
    const int low = high >= 0 ? hex_value(text[digits + 1]) : -1;
    if (low >= 0) {
      plain += static_cast<char>(high * 16 + low);
      text.remove_prefix(digits + 2);
      continue;
    }
    const bool backslash = escaped && escape == '\\';
    plain += text[backslash ? 1 : 0];
    text.remove_prefix(backslash ? 2 : 1);
  }
  return plain;
}

}  // namespace weir::cli
