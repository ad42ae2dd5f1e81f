#include "weir/base/utf8.h"

#include <cstdint>

namespace weir::internal {

std::size_t utf8_character_bytes(std::string_view text) {
  if (text.empty()) return 0;
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return 1;
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC0 || lead > 0xF4 || text.size() < bytes) return 0;

  std::uint32_t code_point = lead & (0x7Fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) != 0x80) return 0;
    code_point = code_point << 6 | (byte & 0x3Fu);
  }
  constexpr std::uint32_t kMin[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (code_point < kMin[bytes] || code_point > 0x10FFFF || surrogate) {
    return 0;
  }
  return bytes;
}

std::optional<std::size_t> utf8_character_count(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    const std::size_t bytes = utf8_character_bytes(text);
    if (bytes == 0) return std::nullopt;
    text.remove_prefix(bytes);
    ++count;
  }
  return count;
}

bool is_utf8(std::string_view text) {
  return utf8_character_count(text).has_value();
}

}  // namespace weir::internal
