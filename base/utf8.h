// Just enough UTF-8 support to count characters and to refuse invalid text.

#ifndef WEIR_BASE_UTF8_H_
#define WEIR_BASE_UTF8_H_

#include <cstddef>
#include <optional>
#include <string_view>

namespace weir::internal {

// The length in bytes, 1 to 4, of the first character of `text`; 0 if `text` is
// empty or does not begin with valid UTF-8 (RFC 3629: no surrogates, no
// overlong forms, nothing above U+10FFFF).
std::size_t utf8_character_bytes(std::string_view text);

// The number of characters in `text`; nullopt if it is not valid UTF-8.
std::optional<std::size_t> utf8_character_count(std::string_view text);

bool is_utf8(std::string_view text);

}  // namespace weir::internal

#endif  // WEIR_BASE_UTF8_H_
