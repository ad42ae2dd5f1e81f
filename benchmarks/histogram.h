#ifndef WEIR_BENCHMARKS_HISTOGRAM_H_
#define WEIR_BENCHMARKS_HISTOGRAM_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/numeric/bits.h"

namespace weir {

// A histogram with buckets 3 % wide, exact below 64. Recording takes a few
// instructions and never allocates. *thread-compatible*
class Histogram {
 public:
  void add(uint64_t value) {
    ++counts_[bucket(value)];
    ++total_;
    max_ = std::max(max_, value);
  }

  void merge(const Histogram& other) {
    for (size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    total_ += other.total_;
    max_ = std::max(max_, other.max_);
  }

  uint64_t total() const { return total_; }
  uint64_t max() const { return max_; }

  // The least value that `share` (0 to 1) of all values do not exceed, up to
  // the width of its bucket. 0 without values.
  uint64_t percentile(double share) const {
    const double wanted = share * static_cast<double>(total_);
    uint64_t seen = 0;
    for (size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > 0 && static_cast<double>(seen) >= wanted) {
        return std::min(last_of(i), max_);
      }
    }
    return max_;
  }

 private:
  // An octave, from one power of two to the next, has this many buckets.
  static constexpr int kOctaveBits = 5;
  static constexpr size_t kOctave = size_t{1} << kOctaveBits;

  // Two octaves are exact; each further bit of the value adds one.
  static size_t bucket(uint64_t value) {
    if (value < 2 * kOctave) return value;
    const int shift = absl::bit_width(value) - (kOctaveBits + 1);
    return static_cast<size_t>(shift) * kOctave + (value >> shift);
  }

  // The largest value of a bucket.
  static uint64_t last_of(size_t bucket) {
    if (bucket < 2 * kOctave) return bucket;
    const size_t shift = bucket / kOctave - 1;
    return ((bucket - shift * kOctave + 1) << shift) - 1;
  }

  std::array<uint64_t, (64 - kOctaveBits + 1) * kOctave> counts_{};
  uint64_t total_ = 0;
  uint64_t max_ = 0;
};

}  // namespace weir

#endif  // WEIR_BENCHMARKS_HISTOGRAM_H_
