#ifndef WEIR_ENFORCER_EPOCH_H_
#define WEIR_ENFORCER_EPOCH_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/base/optimization.h"

namespace weir {

// Epoch-based reclamation: a reader that entered keeps alive everything that it
// could reach, and neither waits for writers nor makes them wait.
//
// A reader announces the epoch in which it entered; a writer unlinks an object,
// stamps it with the present epoch and frees it two epochs later. The epoch
// advances only when every announced reader announces the present one.
//
// Entering is a plain store: the fence that has to stand between it and the
// reader's loads is paid by the writer, through a barrier that makes every
// running thread of the process pass a full fence. Either a reader's
// announcement is seen by the scan that follows, or its loads come after the
// fence and see what was unlinked before. Where there is no such barrier,
// readers fence.
//
// The three facts to remember:
//   1. A reader that a scan has seen is at the present epoch e or at e-1.
//   2. What was unlinked at e-1 or e may still be in a reader's hands.
//   3. What was unlinked at e-2 or before is in nobody's hands.
//
// Why two: between a scan and the advance that it allows, a reader whom it did
// not see may take hold of an object that is unlinked, and stamped, before the
// advance. The next scan sees that reader, and allows no other.
//
// `Barrier`: `available()` says whether `issue()` may be relied on instead of
// the readers' fences; `issue()` whether every thread has passed one. `fence()`
// is the calling thread's own, sequentially consistent.
// *thread-safe*
template <template <class> class Atomic, class Barrier>
class BasicEpochs {
 public:
  // One thread's place. Records are never freed while the object lives, only
  // taken over by later threads, so the list can be read without a lock.
  class alignas(64) Reader {
   private:
    friend class BasicEpochs;

    Atomic<uint64_t> announced{0};  // the epoch; 0 when outside
    uint32_t depth = 0;             // of nested stays; the owner's alone
    bool fences = false;            // no barrier: this side must fence
    const Atomic<uint64_t>* epoch = nullptr;
    Atomic<bool> owned{true};
    Reader* next = nullptr;
  };

  explicit BasicEpochs(Barrier barrier = Barrier()) : barrier_(barrier) {}
  // REQUIRES: nobody is inside.
  ~BasicEpochs();
  BasicEpochs(const BasicEpochs&) = delete;
  BasicEpochs& operator=(const BasicEpochs&) = delete;

  // -- Readers --

  // A place for the calling thread. Allocates if none is vacant.
  Reader* join();
  // REQUIRES: the thread is outside.
  static void part(Reader& reader) noexcept;

  // Stays may nest.
  static void enter(Reader& reader) noexcept;
  static void leave(Reader& reader) noexcept;

  // -- Writers --

  // The stamp for an object that the caller has just made unreachable.
  uint64_t stamp();

  struct Attempt {
    uint64_t epoch;        // in which the attempt ended
    bool is_held_back;     // by a reader
    uint64_t reclaimable;  // the newest stamp whose objects nobody can hold
  };
  // Advances the epoch if no reader stands in the way. Never waits.
  Attempt advance();

  // After fork(), where `self` is the one thread's, or null: the threads that
  // are gone have left.
  void forget_others(const Reader* self) noexcept;

  struct Counts {
    size_t places = 0;   // that were ever needed at one time
    size_t threads = 0;  // that have one
    size_t inside = 0;
    size_t holding = 0;  // of those, back the epoch
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
  // Has the kernel know the process. A forked child is another process.
  static bool enlist();

 private:
  bool is_available_;
};

// The one domain that serves the whole process. A thread joins on its first
// Guard, which allocates once, and parts when it exits.
//
// After fork(), a guard that the forking thread holds is valid in the child,
// and the other threads hold nothing back there. *thread-safe*
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

  // The stamp for an object that the caller has just made unreachable.
  uint64_t stamp() { return epochs_.stamp(); }

  // Advances the epoch if no reader stands in the way, and returns the newest
  // stamp whose objects nobody can hold any more. Never waits.
  uint64_t reclaimable();

  // A moment's, counted while threads come and go.
  struct Statistics {
    size_t threads;  // that have held a guard, and have not exited
    size_t places;   // for threads; never given up, but used again
    size_t readers;  // that hold a guard
    // Of those, how many keep the epoch from advancing, and with it memory from
    // being used again; and for how many nanoseconds, since a writer first
    // found it so, the same readers have.
    size_t holding;
    int64_t held_ns;
  };
  Statistics statistics() const;

 private:
  struct Place;

  EpochDomain();
  static Epochs::Reader* join();
  static void after_fork_in_child();

  // Made when this code is loaded: a fork() that has begun by a first use would
  // not hear of it.
  static EpochDomain& loaded_;

  // Constant-initialised and without a destructor, so that reading it needs no
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
  // unlinked in the epochs before.
  const uint64_t epoch = reader.epoch->load(std::memory_order_acquire);
  // Release: pairs with the scan, for which this stands for having left before.
  // That it comes before the loads that follow, the writer's barrier sees to;
  // only the compiler has to be kept from moving them.
  reader.announced.store(epoch, std::memory_order_release);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (ABSL_PREDICT_FALSE(reader.fences)) Barrier::fence();
}

template <template <class> class Atomic, class Barrier>
inline void BasicEpochs<Atomic, Barrier>::leave(Reader& reader) noexcept {
  if (--reader.depth > 0) return;
  // Release: pairs with the scan: the reader's last accesses come before the
  // memory is used again.
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
    // Acquire: pairs with the release of the thread that parted.
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
  // Release: pairs with the acquire of the thread that takes the record over.
  reader.owned.store(false, std::memory_order_release);
}

// A write, though it changes nothing: it stands in the epoch's release
// sequence, so whoever reads a later epoch sees what was unlinked before.
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
    // A process that has forbidden itself the call goes on without freeing.
    const uint64_t epoch = epoch_.load();
    return {epoch, false, epoch - 2};
  }
  uint64_t epoch = epoch_.load();
  // Acquire: pairs with the release that published each record.
  for (const Reader* reader = readers_.load(std::memory_order_acquire);
       reader != nullptr; reader = reader->next) {
    // Acquire: pairs with the releases of a reader that left.
    const uint64_t announced =
        reader->announced.load(std::memory_order_acquire);
    if (announced != 0 && announced != epoch) return {epoch, true, epoch - 2};
  }
  // Should another writer have advanced it meanwhile, that serves as well.
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
  // relaxed: a moment's picture.
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

}  // namespace weir

#endif  // WEIR_ENFORCER_EPOCH_H_
