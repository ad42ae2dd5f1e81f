#include "weir/cli/printable.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "weir/base/utf8.h"

namespace weir::cli {
namespace {

// U+0000 to U+001F and U+007F to U+009F.
bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  return first < 0x20 || first == 0x7F ||
         (first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0);
}

// FNV-1a. Not absl::Hash, which differs between runs.
std::uint32_t stable_hash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

std::string_view ellipsis(bool utf8) { return utf8 ? "…" : "~"; }

}  // namespace

std::string printable(std::string_view text, bool utf8) {
  std::string shown;
  while (!text.empty()) {
    const std::size_t bytes = internal::utf8_character_bytes(text);
    const std::string_view character =
        text.substr(0, std::max<std::size_t>(bytes, 1));
    text.remove_prefix(character.size());
    if (bytes == 0 || is_control(character) || (bytes > 1 && !utf8)) {
      for (const char c : character) {
        absl::StrAppendFormat(&shown, "\\x%02X", static_cast<unsigned char>(c));
      }
    } else {
      shown += character;
    }
  }
  return shown;
}

std::string secret_name(std::string_view secret, bool utf8) {
  std::string name = printable(secret.substr(0, 4), utf8);
  name += ellipsis(utf8);
  absl::StrAppendFormat(&name, "%08x", stable_hash(secret));
  return name;
}

std::string shortened(std::string_view text, int limit, bool utf8) {
  if (columns(text) <= limit) return std::string(text);
  std::string start;
  for (int i = 0; i + 1 < limit; ++i) {
    const std::string_view character = text.substr(
        0, std::max<std::size_t>(internal::utf8_character_bytes(text), 1));
    start += character;
    text.remove_prefix(character.size());
  }
  start += ellipsis(utf8);
  return start;
}

int columns(std::string_view text) {
  // UTF-8 continuation bytes take no column.
  return static_cast<int>(std::count_if(
      text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string with_commas(std::int64_t number) {
  std::string digits = absl::StrCat(number);
  const std::ptrdiff_t first = number < 0 ? 1 : 0;
  for (auto i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > first;
       i -= 3) {
    digits.insert(static_cast<std::size_t>(i), 1, ',');
  }
  return digits;
}

}  // namespace weir::cli
