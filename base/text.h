// Text for errors: bounded and printable, and string_view conversion.

#ifndef WEIR_BASE_TEXT_H_
#define WEIR_BASE_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace weir::internal {

// Abseil may be built with its own string_view, to which std::string_view does
// not convert.
inline absl::string_view to_absl(std::string_view text) {
  return absl::string_view(text.data(), text.size());
}

// Returns `text` in double quotes with escapes, truncated after `max_bytes`:
// safe for an error message whatever a client sent.
std::string excerpt(std::string_view text, std::size_t max_bytes = 64);

// Returns `status` with `prefix` before its message, and with the same code and
// payloads. OK stays OK.
absl::Status with_prefix(const absl::Status& status, std::string_view prefix);

}  // namespace weir::internal

#endif  // WEIR_BASE_TEXT_H_
