#ifndef WEIR_BENCHMARKS_PEERS_GCRA_H_
#define WEIR_BENCHMARKS_PEERS_GCRA_H_

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace weir::peers {

// The generic cell rate algorithm (ITU-T I.371), reimplemented after the Rust
// crate governor: one word holds the time at which the next request would
// arrive if all kept to the rate, and a request may be early by the burst.
// *thread-safe*
class Gcra {
 public:
  Gcra(double rate, double burst)
      : interval_(static_cast<int64_t>(1e9 / rate)),
        tolerance_(interval_ * (static_cast<int64_t>(burst) - 1)) {}

  bool take(std::atomic<int64_t>& due, int64_t now_ns) const {
    int64_t seen = due.load(std::memory_order_acquire);
    do {
      if (now_ns < seen - tolerance_) return false;
    } while (!due.compare_exchange_weak(
        seen, std::max(seen, now_ns) + interval_, std::memory_order_release,
        std::memory_order_relaxed));
    return true;
  }

 private:
  const int64_t interval_;  // nanoseconds between requests at the rate
  const int64_t tolerance_;
};

// One word with its limits. *thread-safe*
class GcraBucket {
 public:
  GcraBucket(double rate, double burst) : gcra_(rate, burst) {}

  bool take(int64_t now_ns) { return gcra_.take(due_, now_ns); }

 private:
  const Gcra gcra_;
  std::atomic<int64_t> due_{0};
};

}  // namespace weir::peers

#endif  // WEIR_BENCHMARKS_PEERS_GCRA_H_
