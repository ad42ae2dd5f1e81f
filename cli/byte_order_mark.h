// Detection of the byte order marks that editors and exports write.

#ifndef WEIR_CLI_BYTE_ORDER_MARK_H_
#define WEIR_CLI_BYTE_ORDER_MARK_H_

#include <cstddef>
#include <string_view>

#include "absl/status/statusor.h"

namespace weir::cli {

// The size of the UTF-8 byte order mark at the start of `text`: 3, or 0 if
// there is none. InvalidArgument if it begins with that of UTF-16 or UTF-32.
inline absl::StatusOr<std::size_t> byte_order_mark_bytes(
    std::string_view text) {
  constexpr std::string_view kUtf8 = "\xEF\xBB\xBF";
  if (text.substr(0, kUtf8.size()) == kUtf8) return kUtf8.size();
  const std::string_view pair = text.substr(0, 2);
  if (pair == "\xFF\xFE" || pair == "\xFE\xFF" ||
      text.substr(0, 4) == std::string_view("\0\0\xFE\xFF", 4)) {
    return absl::InvalidArgumentError(
        "UTF-16 or UTF-32, but UTF-8 was expected: convert it, as `iconv -f "
        "UTF-16 -t UTF-8` does");
  }
  return 0;
}

}  // namespace weir::cli

#endif  // WEIR_CLI_BYTE_ORDER_MARK_H_
