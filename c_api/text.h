// Conversion of texts and codes to C.

#ifndef WEIR_C_API_TEXT_H_
#define WEIR_C_API_TEXT_H_

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"
#include "weir/weir.h"

namespace weir::c_api {

// A view of a caller's text. NULL with any length is "".
inline std::string_view view(const char* data, size_t size) {
  return data == nullptr ? std::string_view() : std::string_view(data, size);
}

// Sets `*answer`, unless it is NULL, to a copy of `text`.
void set(weir_text* answer, std::string_view text);

// Sets the answer to the message, or to "" if the status is OK, and returns the
// code.
weir_code finish(const absl::Status& status, weir_text* answer);

// The same for a result with a document: `write(value)` returns it as text. Not
// called if `answer` is NULL.
template <class Result, class Write>
weir_code finish(const Result& result, weir_text* answer, Write write) {
  if (!result.ok()) return finish(result.status(), answer);
  if (answer != nullptr) set(answer, write(*result));
  return WEIR_OK;
}

}  // namespace weir::c_api

#endif  // WEIR_C_API_TEXT_H_
