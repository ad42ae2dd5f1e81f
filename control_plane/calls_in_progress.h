#ifndef WEIR_CONTROL_PLANE_CALLS_IN_PROGRESS_H_
#define WEIR_CONTROL_PLANE_CALLS_IN_PROGRESS_H_

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace weir::internal {

// The calls in progress, and for how long each has made no progress, for a
// monitor that must not wait for any of them. Has a fixed number of slots;
// calls beyond that are not seen.
// *thread-safe* and lock-free.
class CallsInProgress {
  struct Slot {
    // nullptr: free. Stored with release after `since`, except on taking it.
    std::atomic<const char*> name{nullptr};
    std::atomic<int64_t> since{0};  // 0: taken, and not set yet
  };

 public:
  struct Stalled {
    const char* name = "";  // none
    int64_t ns = 0;
  };

  // A call, from construction to destruction. *thread-compatible*
  class Call {
   public:
    // `name` is a constant.
    Call(CallsInProgress& calls, const char* name) : slot_(calls.take(name)) {
      made_progress();
    }
    ~Call() {
      if (slot_ == nullptr) return;
      slot_->since.store(0, std::memory_order_relaxed);
      // Release: pairs with the acquire in `take()`: the next call finds
      // `since` as it was left.
      slot_->name.store(nullptr, std::memory_order_release);
    }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

    // Call before a step that may take `allowed_ns` nanoseconds.
    void made_progress(int64_t allowed_ns = 0) {
      if (slot_ == nullptr) return;
      slot_->since.store(now() + allowed_ns, std::memory_order_release);
    }

   private:
    Slot* const slot_;  // nullptr: not seen
  };

  // The call that has made no progress for the longest time.
  Stalled stalled() const {
    Stalled longest;
    const int64_t present = now();
    for (const Slot& slot : slots_) {
      // The name first: if another call takes the slot in the meantime, the
      // time is that call's, and short.
      const char* const name = slot.name.load(std::memory_order_acquire);
      const int64_t since = slot.since.load(std::memory_order_acquire);
      if (name == nullptr || since == 0) continue;
      if (present - since > longest.ns) longest = {name, present - since};
    }
    return longest;
  }

 private:
  static int64_t now() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }

  Slot* take(const char* name) {
    for (Slot& slot : slots_) {
      const char* free = nullptr;
      // Acquire: pairs with the release in `~Call()`.
      if (slot.name.load(std::memory_order_relaxed) == nullptr &&
          slot.name.compare_exchange_strong(free, name,
                                            std::memory_order_acquire,
                                            std::memory_order_relaxed)) {
        return &slot;
      }
    }
    return nullptr;
  }

  std::array<Slot, 128> slots_;
};

}  // namespace weir::internal

#endif  // WEIR_CONTROL_PLANE_CALLS_IN_PROGRESS_H_
