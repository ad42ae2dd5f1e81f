#ifndef WEIR_TESTS_INTERLEAVING_WEAK_MEMORY_H_
#define WEIR_TESTS_INTERLEAVING_WEAK_MEMORY_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace weir::testing {

// A model of which writes threads may read, by the C++ memory model.
//
// Each atomic keeps all values that it ever had, in the order in which they
// were written. A thread has a view: for each atomic, the oldest value that it
// may still read. A read moves the reader's view up to what it has read. A
// write with release passes on the writer's view, and a read with acquire of
// that value takes it over; without both, the reader may go on to read old
// values of everything else. What a read-modify-write replaces is always the
// newest value, and it passes on the view of the write that it replaces, too.
//
// Beside the view, a thread knows what has happened before: only what release
// and acquire have passed on. Plain accesses, and the first access to an atomic
// that another thread has made, need that; else they are a race.
//
// Every behavior that this permits is permitted by the C++ memory model. The
// converse does not hold: writes of one atomic are ordered as they were
// executed, no read sees a write that is executed later, and
// compare_exchange_weak does not fail spuriously.
//
// Threads are numbered from 0. *thread-compatible*
class WeakMemory {
 public:
  // Picks one of `options` (at least 2) values: 0 is the newest, 1 the one
  // before, and so on.
  using Choose = std::function<size_t(size_t options)>;
  // Told of a race.
  using Report = std::function<void(const std::string& race)>;

  WeakMemory(size_t threads, Choose choose, Report report);

  // -- Atomics, by their addresses. `present` is what is in memory. If that is
  // not what was written last, somebody has begun the atomic anew. --

  void construct(size_t thread, const void* atomic, uint64_t value);
  uint64_t load(size_t thread, const void* atomic, uint64_t present,
                std::memory_order order);
  void store(size_t thread, const void* atomic, uint64_t present,
             uint64_t value, std::memory_order order);
  // The write of a read-modify-write that has read `present`.
  void update(size_t thread, const void* atomic, uint64_t present,
              uint64_t value, std::memory_order order);
  // The value that a compare-exchange reads: it fails if that is not
  // `expected`. Otherwise `update()` follows.
  uint64_t compare(size_t thread, const void* atomic, uint64_t present,
                   uint64_t expected, std::memory_order failure);

  void fence(size_t thread, std::memory_order order);
  // As if each thread had executed a sequentially consistent fence, as
  // membarrier(2) has it.
  void fence_all();

  // -- Plain memory, by its address --

  void read(size_t thread, const void* memory);
  void write(size_t thread, const void* memory);

 private:
  // By location: how many writes.
  using Times = std::vector<uint32_t>;
  struct View {
    Times seen;   // older values cannot be read any more
    Times known;  // this has happened before
  };
  struct Message {
    uint64_t value;
    View view;  // for the thread that acquires
  };
  struct Atomic {
    size_t location;
    bool is_made_here;  // by a thread of the program
    std::vector<Message> messages;
  };
  struct Plain {
    size_t writes;              // locations
    std::vector<size_t> reads;  // by thread
    uint32_t write_count = 0;
    std::vector<uint32_t> read_counts;
  };
  struct Thread {
    View view;
    View to_acquire;  // what a fence would take over
    View released;    // by the last fence
  };

  static uint32_t at(const Times& times, size_t location);
  static void raise(Times& times, size_t location, uint32_t time);
  static void join(Times& times, const Times& others);
  static void join(View& view, const View& other);

  Atomic& find(size_t thread, const void* atomic, uint64_t present);
  Plain& find(const void* memory);
  Atomic begin(uint64_t value, bool is_made_here);
  void take(Thread& thread, const Atomic& atomic, size_t message,
            std::memory_order order);
  void append(Thread& thread, Atomic& atomic, uint64_t value,
              std::memory_order order, const View& passed_on);
  // The oldest message that may be read.
  size_t oldest(const Thread& thread, const Atomic& atomic,
                std::memory_order order) const;

  const Choose choose_;
  const Report report_;
  size_t locations_ = 0;
  std::map<const void*, Atomic> atomics_;
  std::map<const void*, Plain> plain_;
  std::vector<Thread> threads_;
  Times sequential_;  // what all sequentially consistent accesses see
};

}  // namespace weir::testing

#endif  // WEIR_TESTS_INTERLEAVING_WEAK_MEMORY_H_
