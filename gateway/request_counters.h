// What became of the requests, for monitoring.

#ifndef WEIR_GATEWAY_REQUEST_COUNTERS_H_
#define WEIR_GATEWAY_REQUEST_COUNTERS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "enforcer/decision.h"
#include "enforcer/decision_names.h"

namespace weir {

// Counts requests by their outcome, and by nothing that clients choose.
// *thread-safe*
class RequestCounters {
 public:
  // Does not lock or allocate, and seldom waits for another processor.
  void count(Outcome outcome) noexcept;

  // By `Outcome`. A moment's, counted while requests come: none is missing that
  // was counted before the call.
  std::array<int64_t, kOutcomes> totals() const noexcept;

 private:
  // More than the processors of most machines; a power of two.
  static constexpr size_t kRows = 64;

  // On a line of its own: two threads that count are not to wait for each
  // other.
  struct alignas(64) Row {
    std::array<std::atomic<int64_t>, kOutcomes> by_outcome{};
  };

  std::array<Row, kRows> rows_;
};

}  // namespace weir

#endif  // WEIR_GATEWAY_REQUEST_COUNTERS_H_
