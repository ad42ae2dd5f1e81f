#ifndef WEIR_BASE_THREAD_NUMBER_H_
#define WEIR_BASE_THREAD_NUMBER_H_

#include <cstdint>

#include "absl/base/optimization.h"

namespace weir::internal {

class AtFork;

// A small number for the calling thread, from 0 on, which no other running
// thread has: an index into arrays with a place for each thread. A thread has
// its number from its first request for it to its exit. Then another thread may
// get the number, and sees what the former thread did. *thread-safe*
class ThreadNumber {
 public:
  static constexpr int kMax = 64;
  static constexpr int kNone = -1;

  // Returns kNone if kMax threads have a number, or the thread is about to
  // exit.
  static int mine() noexcept {
    return ABSL_PREDICT_TRUE(mine_ != kUnasked) ? mine_ : take();
  }

  // How many forks lead from the first process to this one. In a child, the
  // numbers of the parent's other threads are free.
  static uint64_t forks() noexcept;

 private:
  struct Place;

  static constexpr int kUnasked = -2;

  static int take() noexcept;
  static void after_fork_in_child() noexcept;

  static const AtFork at_fork_;

  // Constant-initialized and without a destructor, so that reading it needs no
  // check that it was constructed. Initial-exec, so that reading it in a shared
  // library calls nothing and allocates nothing either.
  [[gnu::tls_model("initial-exec")]] static inline thread_local int mine_ =
      kUnasked;
};

}  // namespace weir::internal

#endif  // WEIR_BASE_THREAD_NUMBER_H_
