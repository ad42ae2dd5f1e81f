#ifndef WEIR_PATCH_TEXT_H_
#define WEIR_PATCH_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace weir {

// `text` in quotation marks and printable ASCII, for one line of an error:
// at most `max_bytes` of it, "..." in place of the rest.
std::string quote(std::string_view text, size_t max_bytes = 64);

// Whether `text` is well-formed UTF-8: no overlong forms, no surrogates,
// nothing above U+10FFFF.
bool is_utf8(std::string_view text);

// `status` with `prefix` before its message; OK stays OK.
absl::Status annotate(const absl::Status& status, std::string_view prefix);

}  // namespace weir

#endif  // WEIR_PATCH_TEXT_H_
