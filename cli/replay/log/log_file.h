// A log, from its bytes to its requests.

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
#include "cli/replay/log/line_reader.h"
#include "cli/replay/log/log_bytes.h"
#include "cli/replay/log/log_entry.h"
#include "cli/replay/log/log_format.h"
#include "cli/replay/log/log_reader.h"

namespace weir::cli {

// Gives the lines of a log one by one, each read. The format is found by the
// first lines, unless it is given; memory does not depend on the log.
// *thread-compatible*
class LogFile {
 public:
  // As many lines are recognised before the format is taken to be known, and so
  // many bytes are read for it at most.
  static constexpr int kLinesToRecognise = 64;
  static constexpr std::size_t kBytesToRecognise = 1 << 20;

  // `format` may be null: it is found. REQUIRES: `in` outlives this.
  LogFile(std::istream& in, const LogFormat* format, FieldChoice choice);

  // False at the end of the log, and where it cannot be read on: see status().
  bool next();

  // The present line, good until the next call.
  const LogLine& line() const { return line_; }
  std::int64_t number() const { return number_; }  // from 1

  // Null until the first call of next(), and if no line was recognised.
  const LogFormat* format() const { return format_; }

  // Why there are no more lines; OK at the end of the log. The errors are those
  // of LogBytes, and NotFound if the format lacks a field that was chosen, or,
  // at the end of the log, no line has had it.
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
  std::deque<Line> first_lines_;  // those read ahead
  std::string text_;              // of the present one, if it was
  LogLine line_;
  std::int64_t number_ = 0;
  bool started_ = false;
  bool at_end_ = false;
  bool any_request_ = false;
};

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_LOG_LOG_FILE_H_
