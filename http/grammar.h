// What may stand where in HTTP's messages.

#ifndef WEIR_HTTP_GRAMMAR_H_
#define WEIR_HTTP_GRAMMAR_H_

#include <string_view>

namespace weir {

// A method, or a header's name (RFC 9110 section 5.6.2).
bool is_token(std::string_view text);

// Without spaces and control characters, not empty.
bool is_request_target(std::string_view text);

// Without control characters but tabs.
bool is_header_value(std::string_view text);

}  // namespace weir

#endif  // WEIR_HTTP_GRAMMAR_H_
