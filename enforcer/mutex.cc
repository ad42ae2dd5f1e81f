#include "enforcer/mutex.h"

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <type_traits>

namespace weir {
namespace {

// How many Mutexes this thread holds or waits for.
thread_local int held = 0;

// Where a thread passes before the first Mutex that it takes, and which fork()
// closes. (To lock all Mutexes instead would need an order among them, which
// their users have not told.)
class ForkGate {
 public:
  void enter() {
    const std::lock_guard<std::mutex> lock(closed_);
    // Relaxed: `closed_` orders it for those who close the gate.
    inside_.fetch_add(1, std::memory_order_relaxed);
  }
  void leave() {
    // Release: pairs with the acquire in `close()`.
    inside_.fetch_sub(1, std::memory_order_release);
  }

  void close() {
    closed_.lock();
    // Acquire: pairs with the release in `leave()`.
    while (held == 0 && inside_.load(std::memory_order_acquire) > 0) {
      std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
  }
  void open() { closed_.unlock(); }

 private:
  std::mutex closed_;
  std::atomic<int> inside_{0};  // threads
};

// Initialized before any code runs, and never destroyed: no use is too early
// or too late.
ForkGate gate;
static_assert(std::is_trivially_destructible_v<ForkGate>);

// When this code is loaded: a fork() that has begun by a first use would not
// hear of it.
[[maybe_unused]] const int registered = pthread_atfork(
    [] { gate.close(); }, [] { gate.open(); }, [] { gate.open(); });

}  // namespace

void Mutex::lock() {
  if (held++ == 0) gate.enter();
  mutex_.lock();
}

void Mutex::unlock() {
  mutex_.unlock();
  if (--held == 0) gate.leave();
}

}  // namespace weir
