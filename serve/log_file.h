#ifndef WEIR_SERVE_LOG_FILE_H_
#define WEIR_SERVE_LOG_FILE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "weir/base/file_descriptor.h"

namespace weir {

// A file that lines are appended to: a regular file, a pipe or a device.
// *thread-compatible*
class LogFile {
 public:
  // Creates the file if it is missing, readable by its owner and group (0640,
  // less the umask). "-" is standard output. If the file ends inside a line,
  // after a crash or on a full disk, the next line begins on a new one.
  static absl::StatusOr<LogFile> open(const std::string& path);

  struct Appended {
    size_t bytes;         // written; all of the text, or there is an error
    absl::Status status;  // does not name the file
  };
  // Writing to a regular file takes as long as its disk does. Other files are
  // waited for up to `patience` in total; DeadlineExceeded if the reader of a
  // pipe makes no room within it.
  Appended append(std::string_view text, absl::Duration patience);

 private:
  LogFile(internal::Descriptor file, bool is_regular)
      : file_(std::move(file)), is_regular_(is_regular) {}

  internal::Descriptor file_;
  bool is_regular_;
};

}  // namespace weir

#endif  // WEIR_SERVE_LOG_FILE_H_
