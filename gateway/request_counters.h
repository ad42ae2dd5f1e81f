// Counters of request outcomes, for monitoring.

#ifndef WEIR_GATEWAY_REQUEST_COUNTERS_H_
#define WEIR_GATEWAY_REQUEST_COUNTERS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "weir/enforcer/decision.h"
#include "weir/enforcer/decision_names.h"

namespace weir {

// Counts requests by their outcome, and by nothing that clients choose.
// *thread-safe*
class RequestCounters {
 public:
  // Does not lock or allocate, and rarely contends with another processor.
  void count(Outcome outcome) noexcept;

  // Counts by `Outcome`. Not an atomic snapshot, but includes every request
  // counted before the call.
  std::array<int64_t, kOutcomes> totals() const noexcept;

 private:
  // More than the processors of most machines; a power of two.
  static constexpr size_t kRows = 64;

  // On a cache line of its own, so that counting threads do not contend.
  struct alignas(64) Row {
    std::array<std::atomic<int64_t>, kOutcomes> by_outcome{};
  };

  std::array<Row, kRows> rows_;
};

}  // namespace weir

#endif  // WEIR_GATEWAY_REQUEST_COUNTERS_H_
