// Resource usage of this process, as the operating system reports it.

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

// Reads /proc; nullopt if it does not have Linux's format. Takes longer the
// more descriptors are open. Thread-safe.
std::optional<ProcessStatus> process_status();

// A result of process_status() that is at most a tenth of a second old: reads
// /proc at most ten times a second, however often it is called. Thread-safe.
std::optional<ProcessStatus> recent_process_status();

}  // namespace weir

#endif  // WEIR_SERVE_PROCESS_STATUS_H_
