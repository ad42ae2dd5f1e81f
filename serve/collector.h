#ifndef WEIR_SERVE_COLLECTOR_H_
#define WEIR_SERVE_COLLECTOR_H_

#include <semaphore.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "weir/base/mutex.h"
#include "weir/serve/mailbox.h"

namespace weir {

// How much may wait for collection, and for how long. *thread-compatible*
struct CollectorOptions {
  // The maximum total weight of the waiting items; more are dropped.
  int64_t capacity = 0;
  // How long to let items accumulate before they are collected.
  absl::Duration pause = absl::Milliseconds(20);
};

// Wakes a waiting thread. (With a condition variable, the waking thread would
// have to lock.) *thread-safe*
class Wakener {
 public:
  Wakener() { sem_init(&semaphore_, /*pshared=*/0, 0); }
  ~Wakener() { sem_destroy(&semaphore_); }
  Wakener(const Wakener&) = delete;
  Wakener& operator=(const Wakener&) = delete;

  void wake() { sem_post(&semaphore_); }
  // Waits until woken, at most for `longest`. Returns whether it was woken.
  bool wait(absl::Duration longest);

 private:
  sem_t semaphore_;
};

// A thread that processes items from other threads, which neither lock nor wait
// for it. It sleeps while there are no items. *thread-safe*
template <class T>
class Collector {
 public:
  // `take` is called with each item. `end_round` is called after the last item
  // of a round, and returns how long to wait for the next round if no item
  // arrives. Never called by two threads at once.
  struct Handler {
    std::function<void(T&&)> take;
    std::function<absl::Duration()> end_round;
    // Called on the thread after its last round. May be empty.
    std::function<void()> end = {};
  };

  Collector(const CollectorOptions& options, Handler handler)
      : options_(options),
        handler_(std::move(handler)),
        mailbox_(options.capacity),
        thread_([this] { run(); }) {}
  // Calls stop().
  ~Collector() { stop(); }

  // Passes an item to the thread. Neither locks nor waits. If there is no room,
  // the item is dropped and counted.
  void leave(T item, int64_t weight) {
    if (mailbox_.put(std::move(item), weight) == Mailbox<T>::Put::kFirst) {
      left_.wake();
    }
  }

  int64_t dropped() const { return mailbox_.dropped(); }

  // Collects the items left so far on the calling thread, then calls
  // `afterwards` while no other thread collects. Locks.
  template <class Afterwards>
  void collect(Afterwards afterwards) {
    internal::MutexLock lock(collecting_);
    collect_round();
    afterwards();
  }

  // Has the thread collect the remaining items, and end. Returns whether it
  // ended within `patience`. If it did not, because a handler does not return,
  // stop() must be called again before this object is destroyed.
  bool stop(absl::Duration patience = absl::InfiniteDuration()) {
    if (!thread_.joinable()) return true;
    if (!stopping_.exchange(true)) {
      left_.wake();
      stop_.wake();
    }
    if (!ended_.wait(patience)) return false;
    thread_.join();
    return true;
  }

 private:
  void run() {
    absl::Duration longest = absl::InfiniteDuration();
    while (!stopping_.load()) {
      left_.wait(longest);
      stop_.wait(options_.pause);
      internal::MutexLock lock(collecting_);
      longest = collect_round();
    }
    {
      internal::MutexLock lock(collecting_);
      collect_round();
      if (handler_.end) handler_.end();
    }
    ended_.wake();
  }

  absl::Duration collect_round() ABSL_EXCLUSIVE_LOCKS_REQUIRED(collecting_) {
    mailbox_.take([this](T&& item) { handler_.take(std::move(item)); });
    return handler_.end_round();
  }

  const CollectorOptions options_;
  const Handler handler_;
  Mailbox<T> mailbox_;
  internal::Mutex collecting_;
  Wakener left_;
  Wakener stop_;
  Wakener ended_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;  // last, because it uses all others
};

}  // namespace weir

#endif  // WEIR_SERVE_COLLECTOR_H_
