#include "http/request_id.h"

#include <sys/random.h>
#include <time.h>

#include <cstdint>

#include "enforcer/thread_number.h"

namespace weir {
namespace {

// splitmix64: all 2^64 numbers in an order that looks random, from a place that
// is the thread's own.
class Sequence {
 public:
  uint64_t next() {
    if (!seeded_ || forks_ != ThreadNumber::forks()) seed();
    uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }

 private:
  void seed() {
    if (getrandom(&state_, sizeof(state_), 0) != sizeof(state_)) {
      timespec now;
      clock_gettime(CLOCK_MONOTONIC, &now);
      state_ = reinterpret_cast<uintptr_t>(this) ^
               static_cast<uint64_t>(now.tv_nsec) << 32;
    }
    forks_ = ThreadNumber::forks();
    seeded_ = true;
  }

  uint64_t state_ = 0;
  uint64_t forks_ = 0;
  bool seeded_ = false;
};

}  // namespace

std::string new_request_id() {
  // One sequence would be at some place of another thread's too soon.
  thread_local Sequence high_half;
  thread_local Sequence low_half;
  // The version and the variant.
  const uint64_t high = (high_half.next() & ~uint64_t{0xF000}) | 0x4000;
  const uint64_t low = (low_half.next() & ~(uint64_t{3} << 62)) | uint64_t{1}
                                                                      << 63;

  constexpr char kDigits[] = "0123456789abcdef";
  std::string id = "00000000-0000-0000-0000-000000000000";
  int digit = 0;
  for (char& c : id) {
    if (c == '-') continue;
    const uint64_t half = digit < 16 ? high : low;
    c = kDigits[half >> (60 - 4 * (digit % 16)) & 0xF];
    ++digit;
  }
  return id;
}

}  // namespace weir
