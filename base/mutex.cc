#include "weir/base/mutex.h"

#include <chrono>
#include <thread>

#include "weir/base/at_fork.h"

namespace weir::internal {

void Mutex::lock() {
  ForkGate::enter();
  if (mutex_.try_lock()) return;
  waiting_.fetch_add(1, std::memory_order_relaxed);
  mutex_.lock();
  waiting_.fetch_sub(1, std::memory_order_relaxed);
}

bool Mutex::try_lock() {
  if (!ForkGate::try_enter()) return false;
  if (mutex_.try_lock()) return true;
  ForkGate::leave();
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
  ForkGate::leave();
}

}  // namespace weir::internal
