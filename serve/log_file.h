#ifndef WEIR_SERVE_LOG_FILE_H_
#define WEIR_SERVE_LOG_FILE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "store/descriptor.h"

namespace weir {

// A file that lines are appended to: a regular one, a pipe, a device.
// *thread-compatible*
class LogFile {
 public:
  // Makes the file, readable by its owner and group (0640, less what the umask
  // takes), if it is missing. "-" is standard output. If a line in it was cut
  // off, by a crash or a full disk, the next one begins on a line of its own.
  static absl::StatusOr<LogFile> open(const std::string& path);

  struct Appended {
    size_t bytes;         // of the text; all of it, or there is an error
    absl::Status status;  // names no file
  };
  // A regular file takes as long as its disk. Others are waited for up to
  // `patience` altogether; DeadlineExceeded if the reader of a pipe does not
  // make room that long.
  Appended append(std::string_view text, absl::Duration patience);

 private:
  LogFile(Descriptor file, bool is_regular)
      : file_(std::move(file)), is_regular_(is_regular) {}

  Descriptor file_;
  bool is_regular_;
};

}  // namespace weir

#endif  // WEIR_SERVE_LOG_FILE_H_
