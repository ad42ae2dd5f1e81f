// Headers by their names, which are in lower case.

#ifndef WEIR_HTTP_HEADERS_H_
#define WEIR_HTTP_HEADERS_H_

#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace weir {

// The first of this name. The result refers to `headers`.
std::optional<std::string_view> first_header(const HttpHeaders& headers,
                                             std::string_view name);

// The same for a header that says nothing if it is said twice, as others may go
// by the other one: it is "" then.
std::optional<std::string_view> single_header(const HttpHeaders& headers,
                                              std::string_view name);

// Has one header of this name, with this value, in place of those that there
// are.
void set_header(HttpHeaders& headers, std::string name, std::string_view value);

}  // namespace weir

#endif  // WEIR_HTTP_HEADERS_H_
