#ifndef WEIR_STORE_SYSTEM_ERROR_H_
#define WEIR_STORE_SYSTEM_ERROR_H_

#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace weir {

// Unavailable: "store/days-7: cannot grow: No space left on device".
inline absl::Status system_error(const std::string& path, const char* what,
                                 int error_number) {
  return absl::UnavailableError(
      absl::StrCat(path, ": ", what, ": ", std::strerror(error_number)));
}

}  // namespace weir

#endif  // WEIR_STORE_SYSTEM_ERROR_H_
