// What may stand where in HTTP's messages.

#ifndef WEIR_HTTP_GRAMMAR_H_
#define WEIR_HTTP_GRAMMAR_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weir {

// A method, or a header's name (RFC 9110 section 5.6.2).
bool is_token(std::string_view text);

// Where the first control character but tabs is from `begin` on; the size of
// the text if there is none.
size_t find_control(std::string_view text, size_t begin = 0);

// Without control characters but tabs.
bool is_header_value(std::string_view text);

// What a Host may be: a name or an address, "[::1]" in brackets, and a port,
// each of the bytes that it may have; or empty.
bool is_authority(std::string_view text);

// The value of a Content-Length: digits alone, and less than 2^64. Nothing if
// it is no such number.
std::optional<uint64_t> parse_content_length(std::string_view text);

}  // namespace weir

#endif  // WEIR_HTTP_GRAMMAR_H_
