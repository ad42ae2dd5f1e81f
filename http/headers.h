// Lookup of headers by name. Names are in lower case.

#ifndef WEIR_HTTP_HEADERS_H_
#define WEIR_HTTP_HEADERS_H_

#include <optional>
#include <string>
#include <string_view>

#include "weir/http/message.h"

namespace weir {

// The first header named `name`. The result refers to `headers`.
std::optional<std::string_view> first_header(const HttpHeaders& headers,
                                             std::string_view name);

// The same, but "" if the header occurs more than once: other recipients may
// use the other value.
std::optional<std::string_view> single_header(const HttpHeaders& headers,
                                              std::string_view name);

// Replaces all headers named `name` by a single one with `value`.
void set_header(HttpHeaders& headers, std::string name, std::string_view value);

}  // namespace weir

#endif  // WEIR_HTTP_HEADERS_H_
