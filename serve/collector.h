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
#include "enforcer/mutex.h"
#include "serve/mailbox.h"

namespace weir {

// How long items may wait, and when to look again. *thread-compatible*
struct CollectorOptions {
  // The total weight of what waits; more is dropped.
  int64_t capacity = 0;
  // How long to let items come together before they are collected.
  absl::Duration pause = absl::Milliseconds(20);
};

// Wakes a thread that waits for it. (A condition variable would make whoever
// wakes it lock.) *thread-safe*
class Wakener {
 public:
  Wakener() { sem_init(&semaphore_, /*pshared=*/0, 0); }
  ~Wakener() { sem_destroy(&semaphore_); }
  Wakener(const Wakener&) = delete;
  Wakener& operator=(const Wakener&) = delete;

  void wake() { sem_post(&semaphore_); }
  // Until it is woken, or for as long as this. Whether it was woken.
  bool wait(absl::Duration longest);

 private:
  sem_t semaphore_;
};

// A thread that collects what other threads leave, so that these neither lock
// nor wait for what is done with it. Sleeps while nothing is left.
// *thread-safe*
template <class T>
class Collector {
 public:
  // Called with each item, and after the last one of a round with how long to
  // wait for the next round if nothing comes. Never by two threads at once.
  struct Handler {
    std::function<void(T&&)> take;
    std::function<absl::Duration()> end_round;
    // Called by the thread after its last round. May be empty.
    std::function<void()> end = {};
  };

  Collector(const CollectorOptions& options, Handler handler)
      : options_(options),
        handler_(std::move(handler)),
        mailbox_(options.capacity),
        thread_([this] { run(); }) {}
  // stop().
  ~Collector() { stop(); }

  // Neither locks nor waits. What finds no room is dropped, and counted.
  void leave(T item, int64_t weight) {
    if (mailbox_.put(std::move(item), weight) == Mailbox<T>::Put::kFirst) {
      left_.wake();
    }
  }

  int64_t dropped() const { return mailbox_.dropped(); }

  // Collects on the calling thread what was left so far, then calls
  // `afterwards` while nobody else collects. Locks.
  template <class Afterwards>
  void collect(Afterwards afterwards) {
    MutexLock lock(collecting_);
    collect_round();
    afterwards();
  }

  // Has the thread collect what was left, and end. Returns whether it has
  // ended; if it did not within `patience`, as what it is at does not return,
  // it is still to be stopped before this is destroyed.
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
      MutexLock lock(collecting_);
      longest = collect_round();
    }
    {
      MutexLock lock(collecting_);
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
  Mutex collecting_;
  Wakener left_;
  Wakener stop_;
  Wakener ended_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;  // the last, as it uses all others
};

}  // namespace weir

#endif  // WEIR_SERVE_COLLECTOR_H_
