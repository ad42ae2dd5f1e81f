#include "weir/gateway/request_counters.h"

#include "weir/base/thread_number.h"

namespace weir {

void RequestCounters::count(Outcome outcome) noexcept {
  // A thread without a number shares a row with another thread.
  const auto row = static_cast<size_t>(internal::ThreadNumber::mine()) % kRows;
  // Relaxed: the counter publishes nothing.
  rows_[row].by_outcome[static_cast<size_t>(outcome)].fetch_add(
      1, std::memory_order_relaxed);
}

std::array<int64_t, kOutcomes> RequestCounters::totals() const noexcept {
  std::array<int64_t, kOutcomes> totals = {};
  for (const Row& row : rows_) {
    for (size_t i = 0; i < kOutcomes; ++i) {
      // Relaxed: as above.
      totals[i] += row.by_outcome[i].load(std::memory_order_relaxed);
    }
  }
  return totals;
}

}  // namespace weir
