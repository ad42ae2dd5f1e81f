#ifndef WEIR_TESTS_INTERLEAVING_INTERLEAVING_H_
#define WEIR_TESTS_INTERLEAVING_INTERLEAVING_H_

#include <atomic>
#include <cstdint>
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
// The orders are sequentially consistent: this finds wrong algorithms, not
// missing memory orders. Fences have no effect, and compare_exchange_weak never
// fails spuriously.
namespace weir::testing {

// What one run consists of. The bodies must end under every schedule, must not
// block on one another and must be deterministic but for the values they read
// from `ScheduledAtomic`s. They may share plain data: only one runs at a time.
// *thread-compatible*.
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

// Calls `build` and runs the program it describes once per distinct schedule,
// depth first, or until `max_schedules` were run. Stops at the first run in
// which a gtest expectation fails, and reports that failure together with its
// schedule: the number of the thread that made each access, in order. Aborts
// the process on a run of more than 100,000 accesses, which is taken for
// endless.
//
// With `max_preemptions`, only schedules in which no more threads than that are
// interrupted before their end: longer programs can then be explored, and few
// mistakes need more than two.
Explored explore(const std::function<void(Program&)>& build,
                 int64_t max_schedules = 1'000'000,
                 int max_preemptions = kAnyPreemptions);

// As `explore`, but runs `runs` schedules drawn at random from `seed`; they
// need not be distinct, so the result is never `complete`.
Explored explore_random(const std::function<void(Program&)>& build,
                        uint64_t seed, int64_t runs);

namespace internal {

// Lets the scheduler choose who makes the next access. Returns when it is the
// calling thread; at once if that is not a thread of a running program.
void scheduling_point();

}  // namespace internal

// A drop-in for `std::atomic<T>` whose every access is a scheduling point.
// Outside of the threads of a program it is a plain variable.
// *thread-safe* within a program, else *thread-compatible*.
template <class T>
class ScheduledAtomic {
 public:
  using value_type = T;
  static constexpr bool is_always_lock_free = true;

  constexpr ScheduledAtomic() noexcept = default;
  constexpr ScheduledAtomic(T value) noexcept : value_(value) {}
  ScheduledAtomic(const ScheduledAtomic&) = delete;
  ScheduledAtomic& operator=(const ScheduledAtomic&) = delete;

  bool is_lock_free() const noexcept { return true; }

  T load(std::memory_order = std::memory_order_seq_cst) const noexcept {
    internal::scheduling_point();
    return value_;
  }
  operator T() const noexcept { return load(); }

  void store(T value, std::memory_order = std::memory_order_seq_cst) noexcept {
    internal::scheduling_point();
    value_ = value;
  }
  T operator=(T value) noexcept {
    store(value);
    return value;
  }

  T exchange(T value, std::memory_order = std::memory_order_seq_cst) noexcept {
    return update([value](T) { return value; });
  }

  bool compare_exchange_strong(
      T& expected, T desired,
      std::memory_order = std::memory_order_seq_cst) noexcept {
    internal::scheduling_point();
    if (value_ == expected) {
      value_ = desired;
      return true;
    }
    expected = value_;
    return false;
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order,
                               std::memory_order) noexcept {
    return compare_exchange_strong(expected, desired);
  }
  bool compare_exchange_weak(
      T& expected, T desired,
      std::memory_order = std::memory_order_seq_cst) noexcept {
    return compare_exchange_strong(expected, desired);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order,
                             std::memory_order) noexcept {
    return compare_exchange_strong(expected, desired);
  }

  T fetch_add(T n, std::memory_order = std::memory_order_seq_cst) noexcept {
    return update([n](T old) { return static_cast<T>(old + n); });
  }
  T fetch_sub(T n, std::memory_order = std::memory_order_seq_cst) noexcept {
    return update([n](T old) { return static_cast<T>(old - n); });
  }
  T fetch_and(T n, std::memory_order = std::memory_order_seq_cst) noexcept {
    return update([n](T old) { return static_cast<T>(old & n); });
  }
  T fetch_or(T n, std::memory_order = std::memory_order_seq_cst) noexcept {
    return update([n](T old) { return static_cast<T>(old | n); });
  }
  T fetch_xor(T n, std::memory_order = std::memory_order_seq_cst) noexcept {
    return update([n](T old) { return static_cast<T>(old ^ n); });
  }

 private:
  template <class Function>
  T update(Function function) noexcept {
    internal::scheduling_point();
    const T old = value_;
    value_ = function(old);
    return old;
  }

  // Plain: the one thread that runs got its turn through a mutex.
  T value_{};
};

}  // namespace weir::testing

#endif  // WEIR_TESTS_INTERLEAVING_INTERLEAVING_H_
