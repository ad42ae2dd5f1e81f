#ifndef WEIR_MEMORY_EPOCH_H_
#define WEIR_MEMORY_EPOCH_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/base/optimization.h"

namespace weir::internal {

class AtFork;

// Epoch-based reclamation (Fraser 2004, "Practical lock-freedom"): nothing that
// a reader can reach is freed before the reader leaves. Readers do not wait for
// writers, nor writers for readers.
//
// On entry, a reader announces the current epoch. A writer unlinks an object,
// stamps it with the current epoch and frees it two epochs later. The epoch
// advances only when every reader inside has announced the current one.
//
// Entering is a plain store. The fence that must separate it from the reader's
// loads is issued by the writer, as a barrier that makes every running thread
// of the process execute a full fence. Either the scan that follows sees the
// reader's announcement, or the reader's loads come after the fence and see the
// unlinking. Without such a barrier, readers fence.
//
// The three facts to remember:
//   1. A reader that a scan has seen is at the current epoch e or at e-1.
//   2. A reader may still hold an object that was unlinked at e-1 or e.
//   3. No reader holds an object that was unlinked at e-2 or before.
//
// Why two: between a scan and the advance that it allows, a reader that the
// scan did not see may reach an object that is unlinked and stamped before the
// advance. The next scan sees that reader, and allows no further advance.
//
// `Barrier`: `available()` returns whether `issue()` can replace the readers'
// fences; `issue()` returns whether every thread has executed a fence.
// `fence()` is a sequentially consistent fence of the calling thread.
// *thread-safe*
template <template <class> class Atomic, class Barrier>
class BasicEpochs {
 public:
  // One thread's record. A record lives as long as the object: a later thread
  // reuses it. So the list can be read without a lock.
  class alignas(64) Reader {
   private:
    friend class BasicEpochs;

    Atomic<uint64_t> announced{0};  // the epoch; 0 when outside
    uint32_t depth = 0;             // nested stays; for the owner only
    bool fences = false;            // no barrier: this side must fence
    const Atomic<uint64_t>* epoch = nullptr;
    Atomic<bool> owned{true};
    Reader* next = nullptr;
  };

  explicit BasicEpochs(Barrier barrier = Barrier()) : barrier_(barrier) {}
  // REQUIRES: no reader is inside.
  ~BasicEpochs();
  BasicEpochs(const BasicEpochs&) = delete;
  BasicEpochs& operator=(const BasicEpochs&) = delete;

  // -- Readers --

  // Returns a record for the calling thread. Allocates if none is vacant.
  Reader* join();
  // Makes the record vacant. REQUIRES: the thread is outside.
  static void part(Reader& reader) noexcept;

  // Calls may nest.
  static void enter(Reader& reader) noexcept;
  static void leave(Reader& reader) noexcept;

  // -- Writers --

  // Returns the stamp for an object that the caller has just made unreachable.
  uint64_t stamp();

  struct Attempt {
    uint64_t epoch;        // at the end of the attempt
    bool is_held_back;     // by a reader
    uint64_t reclaimable;  // the newest stamp whose objects no reader can hold
  };
  // Advances the epoch unless a reader holds it back. Never waits.
  Attempt advance();

  // For the child after fork(): marks all readers but `self` as outside, and
  // their records as vacant. `self` is the forking thread's record, or null.
  void forget_others(const Reader* self) noexcept;

  struct Counts {
    size_t places = 0;   // records: the most ever in use at one time
    size_t threads = 0;  // that own a record
    size_t inside = 0;
    size_t holding = 0;  // of those inside, how many hold back the epoch
    uint64_t epoch = 0;
  };
  Counts counts() const;

 private:
  const Barrier barrier_;
  // Starts at 2, so that `epoch - 2` is never negative and no epoch is 0.
  Atomic<uint64_t> epoch_{2};
  Atomic<Reader*> readers_{nullptr};
};

// membarrier(2).
class Membarrier {
 public:
  Membarrier() : is_available_(enlist()) {}

  bool available() const { return is_available_; }
  bool issue() const;
  static void fence() noexcept {
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }
  // Registers the process with the kernel. A forked child registers itself.
  static bool enlist();

 private:
  bool is_available_;
};

// The process's only epoch domain. A thread joins with its first Guard, which
// allocates once, and parts when it exits.
//
// After fork(), a guard that the forking thread holds is valid in the child;
// the parent's other threads hold nothing back there. *thread-safe*
class EpochDomain {
 private:
  using Epochs = BasicEpochs<std::atomic, Membarrier>;

 public:
  // A reader's stay. Guards may nest. *thread-compatible*
  class Guard {
   public:
    Guard() noexcept;
    ~Guard() noexcept { Epochs::leave(*reader_); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    Epochs::Reader* const reader_;
  };

  static EpochDomain& instance();

  // Returns the stamp for an object that the caller has just made unreachable.
  uint64_t stamp() { return epochs_.stamp(); }

  // Advances the epoch unless a reader holds it back, and returns the newest
  // stamp whose objects no reader can hold. Never waits.
  uint64_t reclaimable();

  // A snapshot, taken while threads come and go.
  struct Statistics {
    size_t threads;  // that have held a guard and not exited
    size_t places;   // records of threads; reused, never freed
    size_t readers;  // that hold a guard
    // How many of the readers keep the epoch from advancing, and so retired
    // memory from being reused; and for how many nanoseconds the same readers
    // have done so, since a writer first found out.
    size_t holding;
    int64_t held_ns;
  };
  Statistics statistics() const;

 private:
  struct Place;

  EpochDomain() = default;
  static Epochs::Reader* join();
  static void after_fork_in_child();

  // Constructed when this code is loaded, before its handler is registered.
  static EpochDomain& loaded_;
  static const AtFork at_fork_;

  // Constant-initialized and without a destructor, so that reading it needs no
  // check that it was constructed.
  [[gnu::tls_model("initial-exec")]] static inline thread_local Epochs::Reader*
      this_reader_ = nullptr;

  Epochs epochs_;
  // The last epoch in which a writer was held back, and since when.
  std::atomic<uint64_t> held_epoch_{0};
  std::atomic<int64_t> held_since_{0};
};

// Implementation.

template <template <class> class Atomic, class Barrier>
inline void BasicEpochs<Atomic, Barrier>::enter(Reader& reader) noexcept {
  if (reader.depth++ > 0) return;
  // Acquire: pairs with `stamp()`: a reader that enters an epoch sees what was
  // unlinked in earlier epochs.
  const uint64_t epoch = reader.epoch->load(std::memory_order_acquire);
  // Release: pairs with the scan, to which a new announcement also means that
  // the reader left its previous stay. The writer's barrier orders this store
  // before the loads that follow; only the compiler must be kept from moving
  // them.
  reader.announced.store(epoch, std::memory_order_release);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (ABSL_PREDICT_FALSE(reader.fences)) Barrier::fence();
}

template <template <class> class Atomic, class Barrier>
inline void BasicEpochs<Atomic, Barrier>::leave(Reader& reader) noexcept {
  if (--reader.depth > 0) return;
  // Release: pairs with the scan: the reader's last accesses come before the
  // memory is reused.
  reader.announced.store(0, std::memory_order_release);
}

template <template <class> class Atomic, class Barrier>
BasicEpochs<Atomic, Barrier>::~BasicEpochs() {
  Reader* reader = readers_.load(std::memory_order_relaxed);
  while (reader != nullptr) {
    Reader* next = reader->next;
    delete reader;
    reader = next;
  }
}

template <template <class> class Atomic, class Barrier>
typename BasicEpochs<Atomic, Barrier>::Reader*
BasicEpochs<Atomic, Barrier>::join() {
  // Acquire: pairs with the release that published each record.
  for (Reader* reader = readers_.load(std::memory_order_acquire);
       reader != nullptr; reader = reader->next) {
    bool owned = false;
    // Acquire: pairs with the release in `part()`.
    if (reader->owned.compare_exchange_strong(owned, true,
                                              std::memory_order_acquire)) {
      return reader;
    }
  }
  auto* reader = new Reader;
  reader->epoch = &epoch_;
  reader->fences = !barrier_.available();
  reader->next = readers_.load(std::memory_order_relaxed);
  // Release: pairs with the acquire of scans and of later joins.
  while (!readers_.compare_exchange_weak(reader->next, reader,
                                         std::memory_order_release,
                                         std::memory_order_relaxed)) {
  }
  return reader;
}

template <template <class> class Atomic, class Barrier>
void BasicEpochs<Atomic, Barrier>::part(Reader& reader) noexcept {
  // Release: pairs with the acquire of the thread that reuses the record.
  reader.owned.store(false, std::memory_order_release);
}

// A read-modify-write, although the value does not change: it is part of the
// epoch's release sequence, so a thread that reads a later epoch sees what was
// unlinked before.
template <template <class> class Atomic, class Barrier>
uint64_t BasicEpochs<Atomic, Barrier>::stamp() {
  return epoch_.fetch_add(0);
}

template <template <class> class Atomic, class Barrier>
typename BasicEpochs<Atomic, Barrier>::Attempt
BasicEpochs<Atomic, Barrier>::advance() {
  if (!barrier_.available()) {
    // Pairs with the readers' fences.
    Barrier::fence();
  } else if (!barrier_.issue()) {
    // A process that may no longer make the system call continues without
    // freeing.
    const uint64_t epoch = epoch_.load();
    return {epoch, false, epoch - 2};
  }
  uint64_t epoch = epoch_.load();
  // Acquire: pairs with the release that published each record.
  for (const Reader* reader = readers_.load(std::memory_order_acquire);
       reader != nullptr; reader = reader->next) {
    // Acquire: pairs with the releases in `enter()` and `leave()`.
    const uint64_t announced =
        reader->announced.load(std::memory_order_acquire);
    if (announced != 0 && announced != epoch) return {epoch, true, epoch - 2};
  }
  // If another writer has advanced it in the meantime, that serves as well.
  if (epoch_.compare_exchange_strong(epoch, epoch + 1)) ++epoch;
  return {epoch, false, epoch - 2};
}

template <template <class> class Atomic, class Barrier>
void BasicEpochs<Atomic, Barrier>::forget_others(const Reader* self) noexcept {
  for (Reader* reader = readers_.load(std::memory_order_relaxed);
       reader != nullptr; reader = reader->next) {
    if (reader == self) continue;
    reader->depth = 0;
    reader->announced.store(0, std::memory_order_relaxed);
    reader->owned.store(false, std::memory_order_relaxed);
  }
}

template <template <class> class Atomic, class Barrier>
typename BasicEpochs<Atomic, Barrier>::Counts
BasicEpochs<Atomic, Barrier>::counts() const {
  Counts counts;
  counts.epoch = epoch_.load(std::memory_order_relaxed);
  // Acquire: pairs with the release that published each record. The rest is
  // relaxed: a snapshot.
  for (const Reader* reader = readers_.load(std::memory_order_acquire);
       reader != nullptr; reader = reader->next) {
    const uint64_t announced =
        reader->announced.load(std::memory_order_relaxed);
    ++counts.places;
    counts.threads += reader->owned.load(std::memory_order_relaxed);
    counts.inside += announced != 0;
    counts.holding += announced != 0 && announced < counts.epoch;
  }
  return counts;
}

inline EpochDomain::Guard::Guard() noexcept
    : reader_(this_reader_ != nullptr ? this_reader_ : join()) {
  Epochs::enter(*reader_);
}

}  // namespace weir::internal

#endif  // WEIR_MEMORY_EPOCH_H_
