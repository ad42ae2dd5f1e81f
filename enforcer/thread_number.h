#ifndef WEIR_ENFORCER_THREAD_NUMBER_H_
#define WEIR_ENFORCER_THREAD_NUMBER_H_

#include <cstdint>

#include "absl/base/optimization.h"

namespace weir {

// A small number for the calling thread, from 0 on, which no other running
// thread has: where there is a place for each thread, that is where its own is.
// A thread has it from when it first asks to its exit; then it serves another,
// which sees what the former did. *thread-safe*
class ThreadNumber {
 public:
  static constexpr int kMost = 64;
  static constexpr int kNone = -1;

  // kNone if kMost threads have one, or the thread is about to exit.
  static int mine() noexcept {
    return ABSL_PREDICT_TRUE(mine_ != kUnasked) ? mine_ : take();
  }

  // How often the process has been forked, seen from it. In a child, the other
  // threads' numbers are free.
  static uint64_t forks() noexcept;

 private:
  struct Place;

  static constexpr int kUnasked = -2;

  static int take() noexcept;
  static void after_fork_in_child() noexcept;

  // With fork(), when this code is loaded: one that has begun by a first use
  // would not hear of it.
  static const int registered_;

  // Constant-initialized and without a destructor, so that reading it needs no
  // check that it was constructed. Initial-exec, so that in a shared library,
  // too, reading it calls nothing and allocates nothing.
  [[gnu::tls_model("initial-exec")]] static inline thread_local int mine_ =
      kUnasked;
};

}  // namespace weir

#endif  // WEIR_ENFORCER_THREAD_NUMBER_H_
