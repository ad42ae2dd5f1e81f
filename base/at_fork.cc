#include "weir/base/at_fork.h"

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <type_traits>

namespace weir::internal {
namespace {

// All of these are constant-initialized and never destroyed, so that no use is
// too early or too late.

std::atomic<AtFork*> handlers{nullptr};

// How often this thread is inside.
thread_local int depth = 0;

std::mutex closed;
std::atomic<int> inside{0};  // threads

static_assert(std::is_trivially_destructible_v<AtFork>);
static_assert(std::is_trivially_destructible_v<std::mutex>);

void close_gate() {
  closed.lock();
  // Acquire: pairs with the release in `leave()`.
  while (depth == 0 && inside.load(std::memory_order_acquire) > 0) {
    std::this_thread::sleep_for(std::chrono::microseconds(20));
  }
}

void open_gate() { closed.unlock(); }

}  // namespace

// Not on first use: see AtFork.
const int AtFork::registered_ = pthread_atfork(close_gate, open_gate, [] {
  run();
  // Other threads were inside if fork() did not wait for them.
  inside.store(depth > 0 ? 1 : 0, std::memory_order_relaxed);
  open_gate();
});

AtFork::AtFork(void (*in_child)()) noexcept
    : in_child_(in_child), next_(handlers.load(std::memory_order_relaxed)) {
  // A library may be loaded while other threads load theirs, or fork. Release:
  // pairs with the acquire in `run()`.
  while (!handlers.compare_exchange_weak(next_, this, std::memory_order_release,
                                         std::memory_order_relaxed)) {
  }
}

void AtFork::run() noexcept {
  // Acquire: pairs with the release that added each handler.
  for (const AtFork* handler = handlers.load(std::memory_order_acquire);
       handler != nullptr; handler = handler->next_) {
    handler->in_child_();
  }
}

void ForkGate::enter() {
  if (depth++ > 0) return;
  const std::lock_guard<std::mutex> lock(closed);
  // Relaxed: `closed` orders it for the thread that closes the gate.
  inside.fetch_add(1, std::memory_order_relaxed);
}

bool ForkGate::try_enter() {
  if (depth == 0) {
    const std::unique_lock<std::mutex> lock(closed, std::try_to_lock);
    if (!lock.owns_lock()) return false;
    // Relaxed: as in `enter()`.
    inside.fetch_add(1, std::memory_order_relaxed);
  }
  ++depth;
  return true;
}

void ForkGate::leave() {
  if (--depth > 0) return;
  // Release: pairs with the acquire in `close_gate()`.
  inside.fetch_sub(1, std::memory_order_release);
}

}  // namespace weir::internal
