#include "weir/base/mutex.h"

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <type_traits>

namespace weir {
namespace {

// How many Mutexes this thread holds or waits for.
thread_local int held = 0;

// A gate that a thread passes before the first Mutex that it takes, and that
// fork() closes. (To lock all Mutexes instead would need an order among them,
// which is not known here.)
class ForkGate {
 public:
  void enter() {
    const std::lock_guard<std::mutex> lock(closed_);
    // Relaxed: `closed_` orders it for the thread that closes the gate.
    inside_.fetch_add(1, std::memory_order_relaxed);
  }
  bool try_enter() {
    const std::unique_lock<std::mutex> lock(closed_, std::try_to_lock);
    if (lock.owns_lock()) inside_.fetch_add(1, std::memory_order_relaxed);
    return lock.owns_lock();
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

// Constant-initialized and never destroyed: no use is too early or too late.
ForkGate gate;
static_assert(std::is_trivially_destructible_v<ForkGate>);

// Registered when this code is loaded: a fork() that is already under way would
// miss handlers registered on first use.
[[maybe_unused]] const int registered = pthread_atfork(
    [] { gate.close(); }, [] { gate.open(); }, [] { gate.open(); });

}  // namespace

void Mutex::lock() {
  if (held++ == 0) gate.enter();
  if (mutex_.try_lock()) return;
  waiting_.fetch_add(1, std::memory_order_relaxed);
  mutex_.lock();
  waiting_.fetch_sub(1, std::memory_order_relaxed);
}

bool Mutex::try_lock() {
  if (held == 0 && !gate.try_enter()) return false;
  ++held;
  if (mutex_.try_lock()) return true;
  if (--held == 0) gate.leave();
  return false;
}

bool Mutex::let_others_in() {
  // Other threads may keep coming, so the wait is bounded.
  constexpr auto kPatience = std::chrono::milliseconds(10);
  if (waiting_.load(std::memory_order_relaxed) == 0) return false;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  unlock();
  while (waiting_.load(std::memory_order_relaxed) > 0 &&
         std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::microseconds(20));
  }
  lock();
  return true;
}

void Mutex::unlock() {
  mutex_.unlock();
  if (--held == 0) gate.leave();
}

}  // namespace weir
