#ifndef WEIR_HTTP_LINE_SCANNER_H_
#define WEIR_HTTP_LINE_SCANNER_H_

#include <cstddef>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"

namespace weir {

// Finds line ends in bytes that arrive in pieces, and validates the bytes. It
// is stricter than RFC 9112, which lets a recipient repair some malformed
// lines: two recipients that repair them differently see different requests.
//
// InvalidArgument if a line ends in LF alone, has a CR elsewhere, begins with a
// blank (a folded line), or has a control character other than a tab.
// *thread-compatible*
class LineScanner {
 public:
  // `received` begins with the bytes passed to earlier calls. Returns the end
  // of the next line, after its CR LF, or nullopt if the line is incomplete.
  absl::StatusOr<std::optional<size_t>> next_line(std::string_view received);

  // Scans up to and including the first empty line, and returns its end.
  absl::StatusOr<std::optional<size_t>> find_empty_line(
      std::string_view received);

 private:
  size_t line_ = 0;     // start of the current line
  size_t scanned_ = 0;  // the bytes before this position are checked
};

}  // namespace weir

#endif  // WEIR_HTTP_LINE_SCANNER_H_
