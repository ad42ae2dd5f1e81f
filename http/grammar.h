// The syntax of the elements of HTTP messages.

#ifndef WEIR_HTTP_GRAMMAR_H_
#define WEIR_HTTP_GRAMMAR_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weir {

// Whether `text` is a token, as methods and header names are (RFC 9110 section
// 5.6.2).
bool is_token(std::string_view text);

// The position of the first control character other than a tab at or after
// `begin`; text.size() if there is none.
size_t find_control(std::string_view text, size_t begin = 0);

// Whether `text` has no control characters other than tabs.
bool is_header_value(std::string_view text);

// Whether `text` is a valid Host: empty, or a name or an address (IPv6 in
// brackets, "[::1]") with an optional port, each of the bytes allowed there.
bool is_authority(std::string_view text);

// The value of a Content-Length: digits only, less than 2^64. nullopt for
// anything else.
std::optional<uint64_t> parse_content_length(std::string_view text);

}  // namespace weir

#endif  // WEIR_HTTP_GRAMMAR_H_
