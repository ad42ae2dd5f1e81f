#ifndef WEIR_BASE_MUTEX_H_
#define WEIR_BASE_MUTEX_H_

#include <atomic>
#include <mutex>

#include "absl/base/thread_annotations.h"

namespace weir::internal {

// std::mutex with thread-safety annotations. (Packaged absl::Mutex reports
// races that are not there under ThreadSanitizer.)
//
// fork() waits until no thread holds a Mutex, so that in the child all of them
// are free, and what they guard is whole (base/at_fork.h). It does not wait if
// the forking thread holds one itself: then the child may use none of them.
// *thread-safe*
class ABSL_LOCKABLE Mutex {
 public:
  void lock() ABSL_EXCLUSIVE_LOCK_FUNCTION();
  // Locks the mutex if it is free, and returns whether it did. Never waits, not
  // even for a fork().
  bool try_lock() ABSL_EXCLUSIVE_TRYLOCK_FUNCTION(true);
  void unlock() ABSL_UNLOCK_FUNCTION();
  // Lets the threads that are waiting for the mutex take it, and takes it
  // again. (Otherwise a thread that unlocks a mutex and locks it at once gets
  // it before any that wait.) If this returns true, whatever the mutex guards
  // may have changed.
  bool let_others_in() ABSL_EXCLUSIVE_LOCKS_REQUIRED(this);
  // Inside a lambda, tells the analysis what the lambda's caller holds.
  void assert_held() const ABSL_ASSERT_EXCLUSIVE_LOCK() {}

 private:
  std::mutex mutex_;
  std::atomic<int> waiting_{0};  // threads; relaxed, as it orders nothing
};

class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex)
      : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() ABSL_UNLOCK_FUNCTION() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace weir::internal

#endif  // WEIR_BASE_MUTEX_H_
