#ifndef WEIR_ENFORCER_USAGE_SYNC_H_
#define WEIR_ENFORCER_USAGE_SYNC_H_

#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/log_severity.h"
#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "enforcer/clock.h"
#include "enforcer/mutex.h"
#include "proto/store.pb.h"
#include "quota/calendar.h"
#include "store/counts_block.h"
#include "store/counts_file.h"
#include "store/store.h"

namespace weir {

// Writes counts that have changed from their files to a store, from time to
// time: what survives a loss of power. A sync is complete when all counts that
// there were when it began, or newer ones, are in the store, and with each the
// days that it has left behind.
//
// After fork(), the child's does nothing. *thread-safe*, but for construction,
// `resume()` and destruction.
class UsageSync {
 public:
  // Options::log, which may be empty.
  using Log =
      std::function<void(absl::LogSeverity severity, std::string_view message)>;

  // `control` is what guards which records of `counts` are whose. `state` is
  // what the store has of the counts.
  UsageSync(std::shared_ptr<Store> store, CountsFile& counts,
            std::shared_ptr<Clock> clock, Mutex& control,
            v1::StoredCounts state, int days_kept, Log log);
  // Ends the thread, without another sync.
  ~UsageSync() { stop(); }
  UsageSync(const UsageSync&) = delete;
  UsageSync& operator=(const UsageSync&) = delete;

  // The store has this of the record's association.
  // REQUIRES: before the first sync. (`control` may be held, which a sync
  // takes; so this takes nothing.)
  void resume(uint32_t record,
              const SyncedCounts& synced) ABSL_NO_THREAD_SAFETY_ANALYSIS;

  // Begins to sync by a thread of its own, so often.
  void start(absl::Duration interval);

  // Syncs; what fails now is done by the next. `control` must not be held.
  absl::Status sync();
  // The last sync, after which the files say all; it tells the log of an error.
  // REQUIRES: nothing counts any more.
  absl::Status close();

  // When the last complete sync began; 0: there was none.
  int64_t synced_unix_ns() const;
  // The same by the clock's monotonic time; 0: this object has completed none.
  int64_t synced_monotonic_ns() const;
  int64_t failures() const;

 private:
  // What goes into the store together.
  struct Batch {
    std::vector<DailyCount> days;
    std::vector<CountsBlock> blocks;
    std::vector<std::pair<uint32_t, SyncedCounts>> written;  // by record
  };

  // Says in the store that the files are complete.
  absl::Status finish();
  absl::Status pass() ABSL_EXCLUSIVE_LOCKS_REQUIRED(syncing_);
  // What a record holds.
  SyncedCounts present(uint32_t record) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(control_);
  // Adds what has changed in a block of records, or all of it.
  void read_block(uint32_t block, bool all, Batch& batch)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(syncing_, control_);
  absl::Status write(Batch& batch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(syncing_);
  absl::Status prune() ABSL_EXCLUSIVE_LOCKS_REQUIRED(syncing_);
  void run(absl::Duration interval);
  // Tells the log what has changed since the sync before.
  void report(const absl::Status& status);
  void stop();
  bool is_forked() const;

  const pid_t process_;
  const std::shared_ptr<Store> store_;
  CountsFile& counts_;
  const std::shared_ptr<Clock> clock_;
  Mutex& control_;
  const int days_kept_;
  const Log log_;
  absl::Status reported_;  // by the thread that syncs, and after it by close()

  Mutex syncing_;
  v1::StoredCounts state_ ABSL_GUARDED_BY(syncing_);
  // By record, what the store has; association 0: nothing.
  std::vector<SyncedCounts> synced_ ABSL_GUARDED_BY(syncing_);

  std::atomic<int64_t> synced_unix_ns_;  // statistics: relaxed
  std::atomic<int64_t> synced_monotonic_ns_{0};
  std::atomic<int64_t> failures_{0};

  std::mutex stopping_;
  std::condition_variable stopped_;
  bool stop_ = false;
  // On the heap, as the child of a fork has no such thread to end.
  std::unique_ptr<std::thread> thread_;
};

}  // namespace weir

#endif  // WEIR_ENFORCER_USAGE_SYNC_H_
