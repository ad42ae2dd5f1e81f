// Reading of a command's input documents, and reporting of their errors.

#ifndef WEIR_CLI_INPUT_H_
#define WEIR_CLI_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <istream>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/cli/console.h"
#include "weir/json/json_reader.h"

namespace weir::cli {

// A file, or standard input if the path is "-". *thread-compatible*
class Input {
 public:
  Input(const std::string& path, const Console& console);
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  // OK if the file could be opened and no read has failed since.
  absl::Status status() const;
  std::istream& stream() { return stream_; }

  // Skips a byte order mark at the start of the stream. InvalidArgument if the
  // stream begins with a UTF-16 one, or unlike JSON; status() if it cannot be
  // read.
  absl::Status skip_byte_order_mark();

 private:
  std::ifstream file_;
  std::istream& stream_;
};

// The content of the file at `path`, without a byte order mark. NotFound if it
// cannot be read; ResourceExhausted if it is longer than `max_bytes`, by
// default the limit of parse_json(); InvalidArgument if it is UTF-16.
absl::StatusOr<std::string> read_document(
    const std::string& path, const Console& console,
    std::size_t max_bytes = kMaxJsonBytes);

// Writes the line "weir: NAME: message" to `console.err`. If the error has a
// line number, from `line` or at the start of the message ("line 3: ", "line 3,
// column 14: "), writes "weir: NAME:3: message" or "weir: NAME:3:14: message".
void report_error(const Console& console, const std::string& path,
                  std::string_view message, std::int64_t line = 0);

// Writes the line "weir: message" to `console.err`, for messages that name the
// file themselves.
void report_error(const Console& console, const absl::Status& status);

}  // namespace weir::cli

#endif  // WEIR_CLI_INPUT_H_
