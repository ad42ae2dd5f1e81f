// Detection of a log's format.

#ifndef WEIR_CLI_REPLAY_LOG_LOG_DETECTOR_H_
#define WEIR_CLI_REPLAY_LOG_LOG_DETECTOR_H_

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "weir/cli/replay/log/log_format.h"
#include "weir/cli/replay/log/log_reader.h"

namespace weir::cli {

// Detects the format of a log. Every line counts for the first format that
// recognizes it, and the format with the most lines is the log's. So neither a
// malformed line, nor one that a client has made look like another format,
// decides. *thread-compatible*
class LogDetector {
 public:
  LogDetector();

  // Adds the log's next line.
  void add(std::string_view line);

  // The number of recognized lines.
  int recognised() const { return recognised_; }
  // The format so far; null if no line was recognized.
  const LogFormat* format() const;

 private:
  struct Candidate {
    const LogFormat* format;
    std::unique_ptr<LogReader> reader;
    int lines = 0;
  };
  std::vector<Candidate> candidates_;
  int recognised_ = 0;
};

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_LOG_LOG_DETECTOR_H_
