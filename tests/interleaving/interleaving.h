#ifndef WEIR_TESTS_INTERLEAVING_INTERLEAVING_H_
#define WEIR_TESTS_INTERLEAVING_INTERLEAVING_H_

#include <atomic>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

// Runs a small concurrent program under every order of its atomic accesses.
//
//   explore([](Program& program) {
//     auto hits = std::make_shared<ScheduledAtomic<int>>(0);
//     program.thread([=] { hits->fetch_add(1); });
//     program.thread([=] { hits->fetch_add(1); });
//     program.at_end([=] { EXPECT_EQ(hits->load(), 2); });
//   });
//
// The orders are sequentially consistent, which finds wrong algorithms. If late
// reads are allowed, a thread may also read an old value, unless its memory
// orders and those of the writers forbid it: that finds memory orders that are
// too weak. See weak_memory.h for what is modeled. Accesses to memory that
// another thread constructed or wrote, without happens-before, are always
// reported as races: for atomics automatically, for plain memory where the test
// calls note_read() and note_write().
namespace weir::testing {

// The threads and checks of one run. The bodies must end under every schedule,
// must not block on one another, and must be deterministic except for the
// values that they read from `ScheduledAtomic`s. They may share plain data:
// only one runs at a time. *thread-compatible*
class Program {
 public:
  // Adds a thread. Threads are numbered from 0 in the order they are added.
  void thread(std::function<void()> body) {
    threads_.push_back(std::move(body));
  }

  // Adds a check to be made when all threads have ended.
  void at_end(std::function<void()> check) {
    checks_.push_back(std::move(check));
  }

  const std::vector<std::function<void()>>& threads() const { return threads_; }
  const std::vector<std::function<void()>>& checks() const { return checks_; }

 private:
  std::vector<std::function<void()>> threads_;
  std::vector<std::function<void()>> checks_;
};

struct Explored {
  int64_t schedules;  // How many were run.
  bool complete;      // True if no other schedule exists and none failed.
};

inline constexpr int kAnyPreemptions = std::numeric_limits<int>::max();

struct Bounds {
  // The maximum number of threads that a schedule interrupts before their end.
  // A bound lets longer programs be explored; few errors need more than two.
  int preemptions = kAnyPreemptions;
  // The maximum number of accesses in a schedule that read an old value.
  int late_reads = 0;
};

// Calls `build` and runs the program it describes once per distinct schedule,
// depth first, or until `max_schedules` were run. Stops at the first run in
// which a gtest expectation fails, and reports that failure together with its
// schedule: the number of the thread that made each access, in order, and, as
// "1-2", that it read the last value but two. Aborts the process on a run of
// more than 100,000 accesses, which is taken for endless.
Explored explore(const std::function<void(Program&)>& build,
                 int64_t max_schedules = 1'000'000,
                 int max_preemptions = kAnyPreemptions);
Explored explore(const std::function<void(Program&)>& build,
                 const Bounds& bounds, int64_t max_schedules = 1'000'000);

// As `explore`, but runs `runs` schedules drawn at random from `seed`; they
// need not be distinct, so the result is never `complete`.
Explored explore_random(const std::function<void(Program&)>& build,
                        uint64_t seed, int64_t runs, int max_late_reads = 0);

// -- For the threads of a program; without effect elsewhere --

// A drop-in for `std::atomic_thread_fence()`.
void scheduled_fence(std::memory_order order);
// As if each thread of the program had executed a sequentially consistent
// fence: what membarrier(2) does.
void fence_all_threads();

// The calling thread reads or writes plain memory, which has no other name than
// this address. A failure of the test if it races with another such access.
void note_read(const void* memory);
void note_write(const void* memory);

namespace internal {

// Lets the scheduler choose who makes the next access. Returns when it is the
// calling thread; at once if that is not a thread of a running program.
void scheduling_point();

// What a ScheduledAtomic does after its scheduling point: see WeakMemory.
void construct(const void* atomic, uint64_t value);
uint64_t load(const void* atomic, uint64_t present, std::memory_order order);
void store(const void* atomic, uint64_t present, uint64_t value,
           std::memory_order order);
void update(const void* atomic, uint64_t present, uint64_t value,
            std::memory_order order);
uint64_t compare(const void* atomic, uint64_t present, uint64_t expected,
                 std::memory_order failure);

}  // namespace internal

// A drop-in for `std::atomic<T>` whose every access is a scheduling point.
// Outside of the threads of a program it is a plain variable.
// *thread-safe* within a program, else *thread-compatible*.
template <class T>
class ScheduledAtomic {
 public:
  using value_type = T;
  static constexpr bool is_always_lock_free = true;

  ScheduledAtomic() noexcept : ScheduledAtomic(T{}) {}
  ScheduledAtomic(T value) noexcept : value_(value) {
    internal::construct(this, bits(value));
  }
  ScheduledAtomic(const ScheduledAtomic&) = delete;
  ScheduledAtomic& operator=(const ScheduledAtomic&) = delete;

  bool is_lock_free() const noexcept { return true; }

  T load(std::memory_order order = std::memory_order_seq_cst) const noexcept {
    internal::scheduling_point();
    return value(internal::load(this, bits(value_), order));
  }
  operator T() const noexcept { return load(); }

  void store(T value,
             std::memory_order order = std::memory_order_seq_cst) noexcept {
    internal::scheduling_point();
    internal::store(this, bits(value_), bits(value), order);
    value_ = value;
  }
  T operator=(T value) noexcept {
    store(value);
    return value;
  }

  T exchange(T value,
             std::memory_order order = std::memory_order_seq_cst) noexcept {
    return update([value](T) { return value; }, order);
  }

  bool compare_exchange_strong(T& expected, T desired,
                               std::memory_order success,
                               std::memory_order failure) noexcept {
    internal::scheduling_point();
    const T seen =
        value(internal::compare(this, bits(value_), bits(expected), failure));
    if (seen != expected) {
      expected = seen;
      return false;
    }
    internal::update(this, bits(value_), bits(desired), success);
    value_ = desired;
    return true;
  }
  bool compare_exchange_strong(
      T& expected, T desired,
      std::memory_order order = std::memory_order_seq_cst) noexcept {
    return compare_exchange_strong(expected, desired, order, on_failure(order));
  }
  bool compare_exchange_weak(
      T& expected, T desired,
      std::memory_order order = std::memory_order_seq_cst) noexcept {
    return compare_exchange_strong(expected, desired, order);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order success,
                             std::memory_order failure) noexcept {
    return compare_exchange_strong(expected, desired, success, failure);
  }

  T fetch_add(T n,
              std::memory_order order = std::memory_order_seq_cst) noexcept {
    return update([n](T old) { return static_cast<T>(old + n); }, order);
  }
  T fetch_sub(T n,
              std::memory_order order = std::memory_order_seq_cst) noexcept {
    return update([n](T old) { return static_cast<T>(old - n); }, order);
  }
  T fetch_and(T n,
              std::memory_order order = std::memory_order_seq_cst) noexcept {
    return update([n](T old) { return static_cast<T>(old & n); }, order);
  }
  T fetch_or(T n,
             std::memory_order order = std::memory_order_seq_cst) noexcept {
    return update([n](T old) { return static_cast<T>(old | n); }, order);
  }
  T fetch_xor(T n,
              std::memory_order order = std::memory_order_seq_cst) noexcept {
    return update([n](T old) { return static_cast<T>(old ^ n); }, order);
  }

 private:
  static_assert(sizeof(T) <= sizeof(uint64_t));

  static uint64_t bits(T value) noexcept {
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    return bits;
  }
  static T value(uint64_t bits) noexcept {
    T value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }
  static std::memory_order on_failure(std::memory_order order) noexcept {
    if (order == std::memory_order_acq_rel) return std::memory_order_acquire;
    if (order == std::memory_order_release) return std::memory_order_relaxed;
    return order;
  }

  template <class Function>
  T update(Function function, std::memory_order order) noexcept {
    internal::scheduling_point();
    const T old = value_;
    const T updated = function(old);
    internal::update(this, bits(old), bits(updated), order);
    value_ = updated;
    return old;
  }

  // The newest value. Plain: the one thread that runs got its turn through a
  // mutex.
  T value_;
};

}  // namespace weir::testing

#endif  // WEIR_TESTS_INTERLEAVING_INTERLEAVING_H_
