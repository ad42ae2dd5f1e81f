#ifndef WEIR_ENFORCER_EPOCH_H_
#define WEIR_ENFORCER_EPOCH_H_

#include <atomic>
#include <cstdint>

namespace weir {

// Epoch-based reclamation: a reader that entered keeps alive everything that it
// could reach, and neither waits for writers nor makes them wait.
//
// A reader announces the epoch in which it entered; a writer unlinks an object,
// stamps it with the present epoch and frees it two epochs later. The epoch
// advances only when every announced reader announces the present one.
//
// Entering is a plain store: the fence that has to stand between it and the
// reader's loads is paid by the writer, through membarrier(2), which makes
// every running thread of the process pass a full fence. Either a reader's
// announcement is seen by the scan that follows, or its loads come after the
// fence and see what was unlinked before. Where the kernel has no membarrier,
// readers fence.
//
// The three facts to remember:
//   1. An announced reader is at the present epoch e or at e-1.
//   2. What was unlinked at e-1 or e may still be in a reader's hands.
//   3. What was unlinked at e-2 or before is in nobody's hands.
//
// One domain serves the whole process. A thread registers itself on its first
// `enter()`, which allocates once, and leaves when it exits. *thread-safe*
class EpochDomain {
 private:
  struct Reader;

 public:
  // A reader's stay. Guards may nest. *thread-compatible*
  class Guard {
   public:
    Guard() noexcept;
    ~Guard() noexcept;
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    Reader* const reader_;
  };

  static EpochDomain& instance();

  // The stamp for an object that the caller has just made unreachable.
  uint64_t stamp();

  // Advances the epoch if no reader stands in the way, and returns the newest
  // stamp whose objects nobody can hold any more. Never waits.
  uint64_t reclaimable();

 private:
  // One thread's place in the domain. Records are never freed, only taken over
  // by later threads, so the list can be read without a lock.
  struct alignas(64) Reader {
    std::atomic<uint64_t> announced{0};  // the epoch; 0 when outside
    uint32_t depth = 0;                  // of nested guards; the owner's alone
    bool fences = false;                 // no membarrier: this side must fence
    const std::atomic<uint64_t>* epoch = nullptr;
    std::atomic<bool> owned{true};
    Reader* next = nullptr;
  };
  struct Registration;

  EpochDomain();
  static Reader* join();

  // Constant-initialised and without a destructor, so that reading it needs no
  // check that it was constructed.
  static inline thread_local Reader* this_reader_ = nullptr;

  // Starts at 2, so that `epoch - 2` is never negative and no epoch is 0.
  std::atomic<uint64_t> epoch_{2};
  std::atomic<Reader*> readers_{nullptr};
  const bool has_membarrier_;
};

inline EpochDomain::Guard::Guard() noexcept
    : reader_(this_reader_ != nullptr ? this_reader_ : join()) {
  if (reader_->depth++ > 0) return;
  // Acquire: pairs with `stamp()`: a reader that enters an epoch sees what was
  // unlinked in the epochs before.
  const uint64_t epoch = reader_->epoch->load(std::memory_order_acquire);
  if (reader_->fences) {
    reader_->announced.exchange(epoch);
    return;
  }
  // Relaxed: the writer's membarrier orders it before the loads that follow;
  // only the compiler has to be kept from moving them.
  reader_->announced.store(epoch, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

inline EpochDomain::Guard::~Guard() noexcept {
  if (--reader_->depth > 0) return;
  // Release: pairs with the load in `reclaimable()`: the reader's last accesses
  // come before the memory is used again.
  reader_->announced.store(0, std::memory_order_release);
}

}  // namespace weir

#endif  // WEIR_ENFORCER_EPOCH_H_
