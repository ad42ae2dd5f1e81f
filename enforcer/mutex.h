#ifndef WEIR_ENFORCER_MUTEX_H_
#define WEIR_ENFORCER_MUTEX_H_

#include <atomic>
#include <mutex>

#include "absl/base/thread_annotations.h"

namespace weir {

// std::mutex with thread-safety annotations. (Packaged absl::Mutex reports
// races that are not there under ThreadSanitizer.)
//
// fork() waits until no thread holds a Mutex, so that the child finds all of
// them free, and what they guard whole. It does not wait if the thread that
// forks holds one itself: then the child may use none of them. *thread-safe*
class ABSL_LOCKABLE Mutex {
 public:
  void lock() ABSL_EXCLUSIVE_LOCK_FUNCTION();
  // Whether it was free, and is locked now. Never waits, for a fork() neither.
  bool try_lock() ABSL_EXCLUSIVE_TRYLOCK_FUNCTION(true);
  void unlock() ABSL_UNLOCK_FUNCTION();
  // Lets those take it who wait for it at present, and takes it again. (Who
  // unlocks a mutex and locks it at once has it before anyone who waits.)
  // Whatever it guards may have changed if this returns true.
  bool let_others_in() ABSL_EXCLUSIVE_LOCKS_REQUIRED(this);
  // Tells the analysis, inside a lambda, what its caller holds.
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

}  // namespace weir

#endif  // WEIR_ENFORCER_MUTEX_H_
