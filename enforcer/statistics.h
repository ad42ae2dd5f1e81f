#ifndef WEIR_ENFORCER_STATISTICS_H_
#define WEIR_ENFORCER_STATISTICS_H_

#include <cstddef>
#include <cstdint>

namespace weir {

// What `Enforcer::statistics()` returns.
struct EnforcerStatistics {
  // Where the counts came from when the enforcer was created.
  enum class Counts {
    kNew,     // there were none, or there is no store
    kExact,   // from the count files
    kSynced,  // from the last sync: power was lost, or files were damaged
  };
  size_t usage_plans;
  size_t api_keys;
  size_t arena_used_bytes;
  // The part of these that cannot be reused until readers have left.
  size_t arena_retired_bytes;
  size_t arena_reserved_bytes;
  // Threads of the process that have called `admit()` or `resolve()` of any
  // enforcer and have not exited; how many of them have been inside such a
  // call long enough to block the reuse of retired memory; and for how long.
  // They never make other threads wait.
  size_t threads;
  size_t stalled_threads;
  int64_t stalled_ns;
  // Key-days (one day of one key) missing from the history because the arena
  // was full. Counting itself is never affected.
  int64_t days_not_recorded;
  size_t leases;  // keys whose tokens threads hold
  Counts counts_from;
  size_t counts_file_bytes;  // on disk, with a store
  // When the last completed sync began, and how many syncs have failed.
  int64_t synced_unix_ns;
  int64_t sync_failures;
  // The same in the clock's monotonic time; 0 if this enforcer has completed
  // none.
  int64_t synced_monotonic_ns;
  // The control plane call that has gone longest without progress, measured
  // from its start or from the end of its last piece of work, and for how
  // long. "" if no call is in progress.
  const char* stalled_call;
  int64_t stalled_call_ns;
};

}  // namespace weir

#endif  // WEIR_ENFORCER_STATISTICS_H_
