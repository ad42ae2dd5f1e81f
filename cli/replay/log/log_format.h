// The supported log formats.

#ifndef WEIR_CLI_REPLAY_LOG_LOG_FORMAT_H_
#define WEIR_CLI_REPLAY_LOG_LOG_FORMAT_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "weir/cli/replay/log/log_reader.h"

namespace weir::cli {

struct LogFormat {
  std::string_view name;   // the value for --format
  std::string_view title;  // what writes it
  // InvalidArgument if the format has no such field.
  absl::StatusOr<std::unique_ptr<LogReader>> (*make_reader)(
      const FieldChoice& choice);
};

// All formats. A record that several recognize belongs to the first of them.
absl::Span<const LogFormat> log_formats();

// Null if there is no format of this name.
const LogFormat* find_log_format(std::string_view name);

// "a, b, c", for messages.
std::string log_format_names();

// For a line that no format recognizes, the format that it resembles most: the
// one whose error messages are useful.
const LogFormat& closest_log_format(std::string_view line);

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_LOG_LOG_FORMAT_H_
