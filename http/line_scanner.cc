#include "weir/http/line_scanner.h"

#include "absl/status/status.h"
#include "weir/http/grammar.h"

namespace weir {
namespace {

absl::Status malformed(const char* what) {
  return absl::InvalidArgumentError(what);
}

}  // namespace

absl::StatusOr<std::optional<size_t>> LineScanner::next_line(
    std::string_view received) {
  scanned_ = find_control(received, scanned_);
  if (scanned_ > line_ && (received[line_] == ' ' || received[line_] == '\t')) {
    return malformed("malformed request: a line that begins with a blank");
  }
  if (scanned_ == received.size()) return std::nullopt;
  if (received[scanned_] == '\n') {
    return malformed("malformed request: a line that ends in LF alone");
  }
  if (received[scanned_] != '\r') {
    return malformed("malformed request: a control character");
  }
  if (scanned_ + 1 == received.size()) return std::nullopt;
  if (received[scanned_ + 1] != '\n') {
    return malformed("malformed request: CR without LF");
  }
  scanned_ += 2;
  line_ = scanned_;
  return scanned_;
}

absl::StatusOr<std::optional<size_t>> LineScanner::find_empty_line(
    std::string_view received) {
  while (true) {
    const size_t begin = line_;
    const auto end = next_line(received);
    if (!end.ok() || !end->has_value() || **end == begin + 2) return end;
  }
}

}  // namespace weir
