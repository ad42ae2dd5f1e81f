#ifndef WEIR_CONTROL_PLANE_USAGE_SYNC_H_
#define WEIR_CONTROL_PLANE_USAGE_SYNC_H_

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
#include "weir/base/clock.h"
#include "weir/base/mutex.h"
#include "weir/counts/counts_block.h"
#include "weir/counts/counts_file.h"
#include "weir/proto/store.pb.h"
#include "weir/quota/calendar.h"
#include "weir/store/store.h"

namespace weir::internal {

// Copies counts that have changed from their files to a store at regular
// intervals, so that they survive a loss of power. A sync is complete when the
// store has all counts as of the beginning of the sync, or newer ones, and with
// each the days that have ended for it.
//
// After fork(), the child's object does nothing. *thread-safe*, except for
// construction, `resume()` and destruction.
class UsageSync {
 public:
  // Options::log, which may be empty.
  using Log =
      std::function<void(absl::LogSeverity severity, std::string_view message)>;

  // `control` guards which association each record of `counts` belongs to.
  // `state` is what the store has of the counts.
  UsageSync(std::shared_ptr<Store> store, CountsFile& counts,
            std::shared_ptr<Clock> clock, Mutex& control,
            v1::StoredCounts state, int days_kept, Log log);
  // Stops the thread, without another sync.
  ~UsageSync() { stop(); }
  UsageSync(const UsageSync&) = delete;
  UsageSync& operator=(const UsageSync&) = delete;

  // Tells the object what the store has of the record's association.
  // REQUIRES: no sync has begun. (The caller may hold `control`, which a sync
  // locks, so this locks nothing.)
  void resume(uint32_t record,
              const SyncedCounts& synced) ABSL_NO_THREAD_SAFETY_ANALYSIS;

  // Starts a thread that syncs once an `interval`.
  void start(absl::Duration interval);

  // Syncs; the next sync writes what this one could not. `control` must not be
  // held.
  absl::Status sync();
  // Syncs for the last time and marks the files as complete; logs an error.
  // REQUIRES: nothing is counted any more.
  absl::Status close();

  // When the last complete sync began; 0: there was none.
  int64_t synced_unix_ns() const;
  // The same by the clock's monotonic time; 0: this object has completed none.
  int64_t synced_monotonic_ns() const;
  int64_t failures() const;

 private:
  // What is written to the store together.
  struct Batch {
    std::vector<DailyCount> days;
    std::vector<CountsBlock> blocks;
    std::vector<std::pair<uint32_t, SyncedCounts>> written;  // by record
  };

  // Records in the store that the files are complete.
  absl::Status finish();
  absl::Status pass() ABSL_EXCLUSIVE_LOCKS_REQUIRED(syncing_);
  // Reads what a record holds.
  SyncedCounts present(uint32_t record) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(control_);
  // Adds a block of records to the batch if any of them has changed, or if
  // `all`.
  void read_block(uint32_t block, bool all, Batch& batch)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(syncing_, control_);
  absl::Status write(Batch& batch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(syncing_);
  absl::Status prune() ABSL_EXCLUSIVE_LOCKS_REQUIRED(syncing_);
  void run(absl::Duration interval);
  // Logs if the outcome differs from that of the previous sync.
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
  absl::Status reported_;  // used by the thread that syncs, then by close()

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
  // On the heap: a forked child has no such thread to join, and abandons the
  // object.
  std::unique_ptr<std::thread> thread_;
};

}  // namespace weir::internal

#endif  // WEIR_CONTROL_PLANE_USAGE_SYNC_H_
