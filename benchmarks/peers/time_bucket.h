#ifndef WEIR_BENCHMARKS_PEERS_TIME_BUCKET_H_
#define WEIR_BENCHMARKS_PEERS_TIME_BUCKET_H_

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>

namespace weir::peers {

// A reimplementation of the algorithm of folly's TokenBucket and of Envoy's
// AtomicTokenBucketImpl: the bucket is the time, in seconds as a double, at
// which it was empty. A take moves that time ahead with one compare-and-swap.
// *thread-safe*
class TimeBucket {
 public:
  TimeBucket(double rate, double burst) : rate_(rate), burst_(burst) {}
  // For a map to move its buckets while no other thread uses them.
  TimeBucket(TimeBucket&& other) noexcept
      : rate_(other.rate_),
        burst_(other.burst_),
        empty_at_(other.empty_at_.load(std::memory_order_relaxed)) {}

  bool take(int64_t now_ns) {
    const double now = static_cast<double>(now_ns) * 1e-9;
    double empty_at = empty_at_.load(std::memory_order_relaxed);
    double after;
    do {
      const double tokens = std::min((now - empty_at) * rate_, burst_);
      if (tokens < 1) return false;
      after = now - (tokens - 1) / rate_;
    } while (!empty_at_.compare_exchange_weak(empty_at, after,
                                              std::memory_order_relaxed));
    return true;
  }

 private:
  const double rate_;
  const double burst_;
  // Full initially, at any time.
  std::atomic<double> empty_at_{-std::numeric_limits<double>::infinity()};
};

}  // namespace weir::peers

#endif  // WEIR_BENCHMARKS_PEERS_TIME_BUCKET_H_
