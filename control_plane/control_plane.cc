#include "weir/control_plane/control_plane.h"

#include <atomic>
#include <cstddef>

#include "absl/status/status.h"
#include "weir/control_plane/control_lock.h"
#include "weir/memory/epoch.h"

namespace weir::internal {

ControlPlane::ControlPlane(const Options& options, DataPlane& data_plane)
    : rules_{options.quota_offset},
      days_kept_(options.store == nullptr ? kDaysInMemory : kDaysInStore),
      data_plane_(data_plane),
      clock_(data_plane.clock()),
      arena_(data_plane.arena()),
      counts_file_(data_plane.counts_file()),
      clients_(data_plane.clients()),
      leases_(data_plane.leases()) {}

void ControlPlane::close() {
  if (sync_ == nullptr) return;
  {
    MutexLock lock(mutex_);
    plans_.for_each([&](const PlanRecord& plan) {
      mutex_.assert_held();
      end_leases(*plan.cell);
    });
  }
  // If this fails, the files of counts remain valid, and the error is logged.
  (void)sync_->close();
}

void ControlPlane::collect() {
  arena_.collect();
  if (counts_file_ != nullptr) {
    // If the disk is full, days may be lost, which statistics show.
    (void)counts_file_->collect(association_count_);
  }
}

absl::Status ControlPlane::sync() {
  return sync_ == nullptr ? absl::OkStatus() : sync_->sync();
}

void ControlPlane::maintain() {
  ControlLock lock(*this, __func__);
  if (leases_ != nullptr) leases_->maintain(clock_->now());
  collect();
}

void ControlPlane::publish_sizes() const {
  const auto set = [](std::atomic<size_t>& published, size_t size) {
    published.store(size, std::memory_order_relaxed);
  };
  set(sizes_.usage_plans, plans_.size());
  set(sizes_.api_keys, keys_.size() - hidden_keys_);
  set(sizes_.arena_used_bytes, arena_.used());
  set(sizes_.arena_retired_bytes, arena_.retired());
  set(sizes_.leases, leases_ == nullptr ? 0 : leases_->open_leases());
  set(sizes_.counts_file_bytes, sync_ == nullptr ? 0 : counts_file_->bytes());
}

EnforcerStatistics ControlPlane::statistics() const {
  const EpochDomain::Statistics readers = EpochDomain::instance().statistics();
  if (mutex_.try_lock()) {
    publish_sizes();
    mutex_.unlock();
  }
  const auto size = [](const std::atomic<size_t>& published) {
    return published.load(std::memory_order_relaxed);
  };
  const Sizes& sizes = sizes_;
  EnforcerStatistics statistics = {};
  statistics.usage_plans = size(sizes.usage_plans);
  statistics.api_keys = size(sizes.api_keys);
  statistics.arena_used_bytes = size(sizes.arena_used_bytes);
  statistics.arena_retired_bytes = size(sizes.arena_retired_bytes);
  statistics.arena_reserved_bytes = arena_.reserved();
  statistics.threads = readers.threads;
  statistics.stalled_threads = readers.holding;
  statistics.stalled_ns = readers.held_ns;
  statistics.days_not_recorded = arena_.lost_days();
  statistics.leases = size(sizes.leases);
  statistics.counts_from = counts_from_;
  if (sync_ != nullptr) {
    statistics.days_not_recorded += counts_file_->lost_days();
    statistics.counts_file_bytes = size(sizes.counts_file_bytes);
    statistics.synced_unix_ns = sync_->synced_unix_ns();
    statistics.synced_monotonic_ns = sync_->synced_monotonic_ns();
    statistics.sync_failures = sync_->failures();
  }
  const CallsInProgress::Stalled stalled = calls_.stalled();
  statistics.stalled_call = stalled.name;
  statistics.stalled_call_ns = stalled.ns;
  return statistics;
}

}  // namespace weir::internal
