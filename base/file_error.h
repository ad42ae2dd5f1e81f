#ifndef WEIR_BASE_FILE_ERROR_H_
#define WEIR_BASE_FILE_ERROR_H_

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "weir/base/text.h"

namespace weir::internal {

// Converts a system call's error to a status of a store: NotFound, Unavailable
// for possibly transient problems, FailedPrecondition for those that have to be
// fixed.
inline absl::Status file_error(const std::string& path, std::string_view what,
                               int error) {
  const std::string message = absl::StrCat(
      path, ": ", to_absl(what), ": ", std::generic_category().message(error));
  switch (error) {
    case ENOENT:
      return absl::NotFoundError(message);
    case EDQUOT:
    case EFBIG:
    case EIO:
    case EMFILE:
    case ENFILE:
    case ENOLCK:
    case ENOMEM:
    case ENOSPC:
      return absl::UnavailableError(message);
    default:
      return absl::FailedPreconditionError(message);
  }
}

}  // namespace weir::internal

#endif  // WEIR_BASE_FILE_ERROR_H_
