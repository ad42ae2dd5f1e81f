// Text in errors: bounded, printable, and in the string types at hand.

#ifndef WEIR_JSON_TEXT_H_
#define WEIR_JSON_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace weir {

// Abseil may be built with a string_view of its own, which std::string_view
// does not convert to.
inline absl::string_view to_absl(std::string_view text) {
  return absl::string_view(text.data(), text.size());
}

// `text` in double quotes with escapes, cut after `max_bytes`: fit for an error
// message whatever a client sent.
std::string excerpt(std::string_view text, std::size_t max_bytes = 64);

// `status` with `prefix` before its message; its code and payloads are kept. OK
// stays OK.
absl::Status with_prefix(const absl::Status& status, std::string_view prefix);

}  // namespace weir

#endif  // WEIR_JSON_TEXT_H_
