// What the system says of this process.

#ifndef WEIR_SERVE_PROCESS_STATUS_H_
#define WEIR_SERVE_PROCESS_STATUS_H_

#include <cstdint>
#include <optional>

namespace weir {

struct ProcessStatus {
  double cpu_seconds = 0;         // of all threads, user and system
  double start_unix_seconds = 0;  // to a hundredth
  int64_t resident_memory_bytes = 0;
  int64_t virtual_memory_bytes = 0;
  int64_t open_fds = 0;
  int64_t max_fds = 0;
};

// Reads /proc; none if it is not as Linux has it. Takes longer the more
// descriptors are open. Thread-safe.
std::optional<ProcessStatus> process_status();

// What process_status() returned at most a tenth of a second ago, however often
// this is called. Thread-safe.
std::optional<ProcessStatus> recent_process_status();

}  // namespace weir

#endif  // WEIR_SERVE_PROCESS_STATUS_H_
