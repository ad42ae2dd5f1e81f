#include "weir/serve/log_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <system_error>
#include <utility>

#include "absl/time/clock.h"

namespace weir {
namespace {

// Only the system's message: the caller names the file.
absl::Status system_error(int error) {
  return absl::UnavailableError(std::generic_category().message(error));
}

absl::Status slow_reader() {
  return absl::DeadlineExceededError("its reader does not keep up");
}

bool is_regular_file(const internal::Descriptor& file) {
  struct stat about;
  return fstat(file.number(), &about) == 0 && S_ISREG(about.st_mode);
}

// Whether the file ends inside a line. False for a file that cannot be read.
bool ends_within_a_line(const std::string& path) {
  const internal::Descriptor file(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file.is_open()) return false;
  const off_t end = lseek(file.number(), 0, SEEK_END);
  char last;
  return end > 0 && pread(file.number(), &last, 1, end - 1) == 1 &&
         last != '\n';
}

// Whether a pipe has room for PIPE_BUF bytes within this time.
bool has_room(const internal::Descriptor& file, absl::Duration patience) {
  pollfd wanted = {file.number(), POLLOUT, 0};
  const auto milliseconds = static_cast<int>(absl::ToInt64Milliseconds(
      std::clamp(patience, absl::ZeroDuration(), absl::Seconds(10))));
  return poll(&wanted, 1, milliseconds) > 0;
}

}  // namespace

absl::StatusOr<LogFile> LogFile::open(const std::string& path) {
  // O_NONBLOCK, so that a pipe without a reader is an error and does not block.
  internal::Descriptor file(path == "-"
                                ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                                : ::open(path.c_str(),
                                         O_WRONLY | O_APPEND | O_CREAT |
                                             O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                                         0640));
  if (!file.is_open()) return system_error(errno);
  const bool is_regular = is_regular_file(file);
  LogFile result(std::move(file), is_regular);
  if (is_regular && path != "-" && ends_within_a_line(path)) {
    auto status = result.append("\n", absl::ZeroDuration()).status;
    if (!status.ok()) return status;
  }
  return result;
}

LogFile::Appended LogFile::append(std::string_view text,
                                  absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  size_t written = 0;
  while (written < text.size()) {
    std::string_view next = text.substr(written);
    if (!is_regular_) {
      // A pipe with room takes PIPE_BUF bytes without blocking, even one that
      // another process made without O_NONBLOCK.
      next = next.substr(0, PIPE_BUF);
      if (!has_room(file_, deadline - absl::Now())) {
        return {written, slow_reader()};
      }
    }
    const ssize_t bytes = write(file_.number(), next.data(), next.size());
    if (bytes >= 0) {
      written += static_cast<size_t>(bytes);
    } else if (errno == EAGAIN) {
      return {written, slow_reader()};
    } else if (errno != EINTR) {
      return {written, system_error(errno)};
    }
  }
  return {written, absl::OkStatus()};
}

}  // namespace weir
