#include "weir/control_plane/usage_sync.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "absl/strings/str_cat.h"
#include "weir/base/status_macros.h"
#include "weir/counts/counts_record.h"
#include "weir/quota/packed_words.h"
#include "weir/quota/quota_counter.h"

namespace weir::internal {
namespace {

// Records per block: few enough that the control plane waits only some tens of
// microseconds while one is read, and that little is written for one record
// that changed.
constexpr uint32_t kRecords = 512;
// The most that one transaction writes: little enough that a patch does not
// wait long for it.
constexpr size_t kMaxBlocks = 64;
constexpr size_t kMaxDays = 20'000;
constexpr int64_t kMaxPruned = 20'000;

}  // namespace

UsageSync::UsageSync(std::shared_ptr<Store> store, CountsFile& counts,
                     std::shared_ptr<Clock> clock, Mutex& control,
                     v1::StoredCounts state, int days_kept, Log log)
    : process_(getpid()),
      store_(std::move(store)),
      counts_(counts),
      clock_(std::move(clock)),
      control_(control),
      days_kept_(days_kept),
      log_(std::move(log)),
      state_(std::move(state)),
      synced_unix_ns_(state_.synced_unix_ns()) {}

void UsageSync::stop() {
  if (thread_ == nullptr) return;
  if (is_forked()) {
    // The child has no such thread, and the object cannot be told so.
    (void)thread_.release();
    return;
  }
  {
    const std::lock_guard<std::mutex> lock(stopping_);
    stop_ = true;
  }
  stopped_.notify_all();
  thread_->join();
  thread_.reset();
}

bool UsageSync::is_forked() const { return getpid() != process_; }

void UsageSync::resume(uint32_t record, const SyncedCounts& synced) {
  if (record >= synced_.size()) synced_.resize(record + 1);
  synced_[record] = synced;
}

void UsageSync::start(absl::Duration interval) {
  thread_ = std::make_unique<std::thread>([this, interval] { run(interval); });
}

void UsageSync::run(absl::Duration interval) {
  std::unique_lock<std::mutex> lock(stopping_);
  while (!stopped_.wait_for(lock, absl::ToChronoNanoseconds(interval),
                            [this] { return stop_; })) {
    lock.unlock();
    // The next sync writes what this one could not.
    report(sync());
    lock.lock();
  }
}

void UsageSync::report(const absl::Status& status) {
  if (log_ == nullptr || status == reported_) return;
  if (status.ok()) {
    log_(absl::LogSeverity::kInfo, "counts are in the store again");
  } else {
    log_(absl::LogSeverity::kError,
         absl::StrCat("counts cannot be written to the store: ",
                      status.ToString()));
  }
  reported_ = status;
}

absl::Status UsageSync::sync() {
  if (is_forked()) {
    return absl::FailedPreconditionError(
        "this process was forked: its counts are its own, and not stored");
  }
  MutexLock lock(syncing_);
  absl::Status status = pass();
  if (status.ok()) status = prune();
  if (!status.ok()) failures_.fetch_add(1, std::memory_order_relaxed);
  return status;
}

absl::Status UsageSync::close() {
  stop();
  absl::Status status = sync();
  if (status.ok()) status = finish();
  report(status);
  return status;
}

absl::Status UsageSync::finish() {
  MutexLock lock(syncing_);
  WEIR_RETURN_IF_ERROR(counts_.flush());
  v1::StoreChange change;
  *change.mutable_put_counts() = state_;
  change.mutable_put_counts()->set_closed(true);
  return store_->commit({change});
}

absl::Status UsageSync::pass() {
  const Instant now = clock_->now();
  const int64_t began = now.unix_ns;
  // The records of a new generation are numbered anew: the store keeps the
  // counts of the previous one until all are written.
  const bool all = state_.synced_generation() != state_.generation();
  bool changed = all;
  Batch batch;
  for (uint32_t block = 0;; ++block) {
    {
      MutexLock lock(control_);
      if (block * kRecords >= counts_.record_count()) break;
      read_block(block, all, batch);
    }
    if (batch.blocks.size() < kMaxBlocks && batch.days.size() < kMaxDays) {
      continue;
    }
    changed = true;
    WEIR_RETURN_IF_ERROR(write(batch));
  }
  if (!batch.blocks.empty()) {
    changed = true;
    WEIR_RETURN_IF_ERROR(write(batch));
  }
  if (changed) {
    v1::StoreChange change;
    v1::StoredCounts& state = *change.mutable_put_counts();
    state = state_;
    state.set_synced_generation(state.generation());
    state.set_synced_unix_ns(began);
    WEIR_RETURN_IF_ERROR(store_->commit({change}));
    state_ = state;
  }
  synced_unix_ns_.store(began, std::memory_order_relaxed);
  synced_monotonic_ns_.store(now.monotonic, std::memory_order_relaxed);
  return absl::OkStatus();
}

SyncedCounts UsageSync::present(uint32_t record) const {
  SyncedCounts present;
  if (record == 0) return present;  // the file's header
  const CountsRecord& source = counts_.records()[record];
  // Relaxed: associations begin and end under `control_`.
  present.association = source.association.load(std::memory_order_relaxed);
  if (present.association == 0) return present;
  const QuotaWords words = source.counts.quota.snapshot();
  present.today = words.today;
  present.period = words.period;
  return present;
}

void UsageSync::read_block(uint32_t block, bool all, Batch& batch) {
  const uint32_t first = block * kRecords;
  const uint32_t end = std::min(first + kRecords, counts_.record_count());
  if (end > synced_.size()) synced_.resize(end);
  bool changed = false;
  for (uint32_t record = first; record < end; ++record) {
    const SyncedCounts& synced = synced_[record];
    const SyncedCounts now = present(record);
    const bool same = now.association == synced.association;
    if (same && now.today.bits() == synced.today.bits() &&
        now.period.bits() == synced.period.bits()) {
      continue;
    }
    changed = true;
    batch.written.emplace_back(record, now);
    if (now.association == 0) continue;
    // The day that is current in the store may have grown since.
    const Day since = same ? synced.today.day() : 0;
    counts_.records()[record].counts.log.for_each([&](DayWord day) {
      if (since <= day.day() && day.day() < now.today.day()) {
        batch.days.push_back({now.association, day.day(), day.count()});
      }
    });
  }
  if (!changed && !all) return;
  // Records that have changed are written as read above: read again, one might
  // have left a day that is not in the batch. The others are written as the
  // store has them.
  auto written = batch.written.end();
  while (written != batch.written.begin() && (written - 1)->first >= first) {
    --written;
  }
  std::string counts;
  for (uint32_t record = first; record < end; ++record) {
    const SyncedCounts* entry = &synced_[record];
    if (written != batch.written.end() && written->first == record) {
      entry = &written++->second;
    }
    if (entry->association != 0) append_counts(*entry, counts);
  }
  if (changed || !counts.empty()) {
    batch.blocks.push_back({state_.generation(), block, std::move(counts)});
  }
}

absl::Status UsageSync::write(Batch& batch) {
  WEIR_RETURN_IF_ERROR(store_->write_usage(batch.days, batch.blocks));
  for (const auto& [record, synced] : batch.written) synced_[record] = synced;
  batch = Batch();
  return absl::OkStatus();
}

absl::Status UsageSync::prune() {
  // What remained on the oldest day is computed from its whole period.
  const Day today = day_of(clock_->now().unix_ns);
  return store_
      ->prune_days(today - days_kept_ - QuotaCalendar::kMaxPeriod + 1,
                   kMaxPruned)
      .status();
}

int64_t UsageSync::synced_unix_ns() const {
  return synced_unix_ns_.load(std::memory_order_relaxed);
}

int64_t UsageSync::synced_monotonic_ns() const {
  return synced_monotonic_ns_.load(std::memory_order_relaxed);
}

int64_t UsageSync::failures() const {
  return failures_.load(std::memory_order_relaxed);
}

}  // namespace weir::internal
