#include "weir/serve/process_status.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>

#include "absl/base/thread_annotations.h"
#include "weir/base/mutex.h"

namespace weir {
namespace {

// When the system started, in Unix seconds.
std::optional<double> boot_time() {
  std::ifstream file("/proc/stat");
  std::string name;
  double seconds = 0;
  while (file >> name) {
    if (name == "btime" && file >> seconds) return seconds;
    file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return std::nullopt;
}

std::optional<int64_t> count_open_fds() {
  DIR* directory = opendir("/proc/self/fd");
  if (directory == nullptr) return std::nullopt;
  // Excludes ".", ".." and the descriptor that reads the directory.
  int64_t count = -3;
  while (readdir(directory) != nullptr) ++count;
  closedir(directory);
  return count;
}

}  // namespace

std::optional<ProcessStatus> process_status() {
  std::ifstream file("/proc/self/stat");
  // The second field is the program's name in parentheses; the name itself may
  // contain parentheses.
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  const size_t name_end = line.rfind(") ");
  if (name_end == line.npos) return std::nullopt;

  // The other fields, by their numbers in proc(5).
  constexpr int kUserTime = 14, kSystemTime = 15, kStartTime = 22,
                kVirtualBytes = 23, kResidentPages = 24;
  double fields[kResidentPages + 1] = {};
  std::istringstream rest(line.substr(name_end + 2));
  std::string state;
  rest >> state;
  for (int i = 4; i <= kResidentPages; ++i) rest >> fields[i];
  // Read only once, because it changes with the wall clock.
  static const std::optional<double> boot = boot_time();
  const auto open_fds = count_open_fds();
  rlimit limit;
  if (!rest || !boot.has_value() || !open_fds.has_value() ||
      getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return std::nullopt;
  }

  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  ProcessStatus status;
  status.cpu_seconds = (fields[kUserTime] + fields[kSystemTime]) / ticks;
  status.start_unix_seconds = *boot + fields[kStartTime] / ticks;
  status.virtual_memory_bytes = static_cast<int64_t>(fields[kVirtualBytes]);
  status.resident_memory_bytes =
      static_cast<int64_t>(fields[kResidentPages]) * sysconf(_SC_PAGESIZE);
  status.open_fds = *open_fds;
  status.max_fds = static_cast<int64_t>(limit.rlim_cur);
  return status;
}

std::optional<ProcessStatus> recent_process_status() {
  using Clock = std::chrono::steady_clock;
  struct Recent {
    internal::Mutex mutex;
    Clock::time_point read ABSL_GUARDED_BY(mutex);
    std::optional<ProcessStatus> status ABSL_GUARDED_BY(mutex);
  };
  static auto* const recent = new Recent;
  internal::MutexLock lock(recent->mutex);
  const auto now = Clock::now();
  if (now - recent->read >= std::chrono::milliseconds(100)) {
    recent->status = process_status();
    recent->read = now;
  }
  return recent->status;
}

}  // namespace weir
