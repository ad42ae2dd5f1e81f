#ifndef WEIR_HTTP_RANDOM_SEQUENCE_H_
#define WEIR_HTTP_RANDOM_SEQUENCE_H_

#include <cstdint>

namespace weir {

// A pseudorandom sequence that is not cryptographically secure: some values
// reveal the others. Its period is 2^64, and each value occurs once. The
// kernel's random bytes choose where it starts, at the first call and at the
// first call after a fork. Constant-initialized, for use as a thread_local.
// *thread-compatible*
class RandomSequence {
 public:
  uint64_t next();

 private:
  void seed();

  uint64_t state_ = 0;
  uint64_t forks_ = 0;
  bool seeded_ = false;
};

}  // namespace weir

#endif  // WEIR_HTTP_RANDOM_SEQUENCE_H_
