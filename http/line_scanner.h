#ifndef WEIR_HTTP_LINE_SCANNER_H_
#define WEIR_HTTP_LINE_SCANNER_H_

#include <cstddef>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"

namespace weir {

// Finds the ends of lines in bytes that come in pieces, and checks the bytes on
// the way: RFC 9112 lets a recipient repair some of what this refuses, and two
// recipients that repair it differently see different requests.
//
// InvalidArgument if a line ends in LF alone, has a CR elsewhere, begins with a
// blank (a folded line), or has a control character other than a tab.
// *thread-compatible*
class LineScanner {
 public:
  // `received` begins with the bytes that the earlier calls were given. Returns
  // the end of the next line, behind its CR LF, or nothing if it is not there
  // yet.
  absl::StatusOr<std::optional<size_t>> next_line(std::string_view received);

  // Goes on to the end of the first empty line, and returns it.
  absl::StatusOr<std::optional<size_t>> find_empty_line(
      std::string_view received);

 private:
  size_t line_ = 0;     // where the present line begins
  size_t scanned_ = 0;  // the bytes before this are checked
};

}  // namespace weir

#endif  // WEIR_HTTP_LINE_SCANNER_H_
