#include "weir/tests/torture/process.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace weir::torture {

absl::StatusOr<Process> Process::start(const std::vector<std::string>& args) {
  std::vector<char*> pointers = {const_cast<char*>("torture")};
  for (const std::string& arg : args) {
    pointers.push_back(const_cast<char*>(arg.c_str()));
  }
  pointers.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return absl::ErrnoToStatus(errno, "fork");
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent) execv("/proc/self/exe", pointers.data());
    _exit(127);
  }
  return Process(pid);
}

bool Process::has_ended() {
  if (pid_ != 0 && waitpid(pid_, &status_, WNOHANG) == pid_) pid_ = 0;
  return pid_ == 0;
}

bool Process::wait_until(const std::function<bool()>& condition,
                         absl::Duration most) {
  const absl::Time end = absl::Now() + most;
  while (!condition()) {
    if (has_ended()) return condition();
    if (absl::Now() > end) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
  return true;
}

void Process::kill() {
  if (has_ended()) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, &status_, 0);
  pid_ = 0;
}

std::optional<int> Process::exit_code() const {
  if (!WIFEXITED(status_)) return std::nullopt;
  return WEXITSTATUS(status_);
}

std::string Process::ending() const {
  return WIFEXITED(status_)
             ? absl::StrCat("exited with ", WEXITSTATUS(status_))
             : absl::StrCat("was killed by signal ", WTERMSIG(status_));
}

}  // namespace weir::torture
