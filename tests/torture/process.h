// A child process: this program once more, with other arguments.

#ifndef WEIR_TESTS_TORTURE_PROCESS_H_
#define WEIR_TESTS_TORTURE_PROCESS_H_

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace weir::torture {

// Dies with its parent. *thread-compatible*
class Process {
 public:
  static absl::StatusOr<Process> start(const std::vector<std::string>& args);

  Process(Process&& other) noexcept
      : pid_(std::exchange(other.pid_, 0)), status_(other.status_) {}
  Process& operator=(Process&&) = delete;
  // Kills it, if need be.
  ~Process() { kill(); }

  bool has_ended();
  // Waits until `condition`, the end of the process, or `most`. Returns whether
  // the condition was met.
  bool wait_until(const std::function<bool()>& condition, absl::Duration most);
  // By SIGKILL.
  void kill();

  // After its end, whether it exited by itself, and with which code.
  std::optional<int> exit_code() const;
  // After its end: "was killed by signal 11".
  std::string ending() const;

 private:
  explicit Process(pid_t pid) : pid_(pid) {}

  pid_t pid_;  // 0: it has ended
  int status_ = 0;
};

}  // namespace weir::torture

#endif  // WEIR_TESTS_TORTURE_PROCESS_H_
