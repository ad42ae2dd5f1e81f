#include "weir/http/random_sequence.h"

#include <sys/random.h>
#include <time.h>

#include "weir/base/thread_number.h"

namespace weir {

// splitmix64.
uint64_t RandomSequence::next() {
  if (!seeded_ || forks_ != internal::ThreadNumber::forks()) seed();
  uint64_t z = state_ += 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

void RandomSequence::seed() {
  if (getrandom(&state_, sizeof(state_), 0) != sizeof(state_)) {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    state_ = reinterpret_cast<uintptr_t>(this) ^
             static_cast<uint64_t>(now.tv_nsec) << 32;
  }
  forks_ = internal::ThreadNumber::forks();
  seeded_ = true;
}

}  // namespace weir
