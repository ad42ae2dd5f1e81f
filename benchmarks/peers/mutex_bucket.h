#ifndef WEIR_BENCHMARKS_PEERS_MUTEX_BUCKET_H_
#define WEIR_BENCHMARKS_PEERS_MUTEX_BUCKET_H_

#include <algorithm>
#include <cstdint>
#include <mutex>

namespace weir::peers {

// A reimplementation of the algorithm of Go's x/time/rate: tokens as a double
// and the time they were counted, behind a mutex. *thread-safe*
class MutexBucket {
 public:
  MutexBucket(double rate, double burst)
      : rate_(rate), burst_(burst), tokens_(burst) {}

  bool take(int64_t now_ns) {
    std::lock_guard lock(mutex_);
    // A caller that read the time before another and came after it yields
    // nothing.
    if (now_ns > counted_at_) {
      const double elapsed = static_cast<double>(now_ns - counted_at_) * 1e-9;
      tokens_ = std::min(tokens_ + elapsed * rate_, burst_);
      counted_at_ = now_ns;
    }
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  const double rate_;
  const double burst_;
  std::mutex mutex_;
  double tokens_;
  int64_t counted_at_ = 0;
};

}  // namespace weir::peers

#endif  // WEIR_BENCHMARKS_PEERS_MUTEX_BUCKET_H_
