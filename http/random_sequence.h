#ifndef WEIR_HTTP_RANDOM_SEQUENCE_H_
#define WEIR_HTTP_RANDOM_SEQUENCE_H_

#include <cstdint>

namespace weir {

// Numbers that look random and are no secret: who has seen some can work out
// the others. All 2^64 come, each once, from a place that the kernel's random
// bytes choose at the first call and at the first after a fork. Constant
// initialised, for a thread_local of its user's. *thread-compatible*
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
