#ifndef WEIR_THROTTLE_TESTING_EXACT_BUCKET_H_
#define WEIR_THROTTLE_TESTING_EXACT_BUCKET_H_

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "absl/numeric/int128.h"
#include "weir/throttle/rate.h"

namespace weir {

// The seed for a random test: $WEIR_TEST_SEED, or a fixed one.
inline uint64_t test_seed() {
  const char* given = std::getenv("WEIR_TEST_SEED");
  return given == nullptr ? 20'260'101 : std::strtoull(given, nullptr, 10);
}

// A token bucket in exact rational arithmetic, a reference to check the real
// one against. It is told which requests were admitted. A token and the yield
// of a nanosecond are both whole numbers of its units. *thread-compatible*
class ExactBucket {
 public:
  using Units = absl::int128;

  // A bucket for all rates whose `seconds` divide this number.
  explicit ExactBucket(uint64_t seconds) : seconds_(seconds) {}

  // Advances time to `now_ns` at `rate`; does nothing if that is in the past.
  void advance(const Rate& rate, int64_t now_ns) {
    rate_ = rate;
    if (now_ns <= now_) return;
    position_ += (now_ns - now_) * yield_per_ns();
    now_ = now_ns;
  }

  // For a time at or before the present, at the present rate.
  Units debt(int64_t now_ns) const {
    return std::max<Units>(0, full_at_ - position(now_ns));
  }
  void take(int64_t now_ns, int64_t cost) {
    full_at_ = std::max(full_at_, position(now_ns)) + cost * token();
  }

  void give_back(int64_t cost) { full_at_ -= cost * token(); }
  void fill() { full_at_ = position_; }

  Units token() const { return Units(seconds_) * 1'000'000'000; }
  Units yield_per_ns() const {
    return Units(rate_.tokens) * (seconds_ / rate_.seconds);
  }

 private:
  Units position(int64_t now_ns) const {
    return position_ - (now_ - now_ns) * yield_per_ns();
  }

  uint64_t seconds_;
  Rate rate_ = {0, 1};
  int64_t now_ = 0;
  Units position_ = 0;
  Units full_at_ = 0;
};

}  // namespace weir

#endif  // WEIR_THROTTLE_TESTING_EXACT_BUCKET_H_
