// Reading of a log, from its bytes to its requests.

#ifndef WEIR_CLI_REPLAY_LOG_LOG_FILE_H_
#define WEIR_CLI_REPLAY_LOG_LOG_FILE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <istream>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "weir/cli/replay/log/line_reader.h"
#include "weir/cli/replay/log/log_bytes.h"
#include "weir/cli/replay/log/log_entry.h"
#include "weir/cli/replay/log/log_format.h"
#include "weir/cli/replay/log/log_reader.h"

namespace weir::cli {

// Returns the parsed lines of a log one by one. Detects the format by the first
// lines, unless it is given. Memory does not depend on the log.
// *thread-compatible*
class LogFile {
 public:
  // The number of lines that must be recognized before the format counts as
  // known, and the maximum number of bytes that are read for it.
  static constexpr int kLinesToRecognise = 64;
  static constexpr std::size_t kBytesToRecognise = 1 << 20;

  // If `format` is null, it is detected. REQUIRES: `in` outlives this object.
  LogFile(std::istream& in, const LogFormat* format, FieldChoice choice);

  // Reads the next line. Returns false at the end of the log, and if it cannot
  // be read further: see status().
  bool next();

  // The current line, valid until the next call.
  const LogLine& line() const { return line_; }
  std::int64_t number() const { return number_; }  // from 1

  // Null before the first call of next(), and if no line was recognized.
  const LogFormat* format() const { return format_; }

  // Why there are no more lines; OK at the end of the log. The errors are those
  // of LogBytes, and NotFound if the format lacks a chosen field, or, at the
  // end of the log, no line had it.
  absl::Status status() const;

 private:
  struct Line {
    std::string text;
    bool too_long;
  };

  void recognise();
  void read(std::string_view text, bool too_long);

  LogBytes bytes_;
  LineReader lines_;
  const LogFormat* format_;
  const FieldChoice choice_;
  std::unique_ptr<LogReader> reader_;
  absl::Status status_;
  std::deque<Line> first_lines_;  // lines read ahead
  std::string text_;              // the current line, if it was read ahead
  LogLine line_;
  std::int64_t number_ = 0;
  bool started_ = false;
  bool at_end_ = false;
  bool any_request_ = false;
};

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_LOG_LOG_FILE_H_
