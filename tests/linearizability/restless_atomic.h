#ifndef WEIR_TESTS_LINEARIZABILITY_RESTLESS_ATOMIC_H_
#define WEIR_TESTS_LINEARIZABILITY_RESTLESS_ATOMIC_H_

#include <atomic>

#include "weir/tests/linearizability/team.h"

namespace weir::testing {

// A drop-in for std::atomic, as far as the library uses it, that delays its
// accesses a little, so that a team's calls overlap at every step.
// *thread-safe*
template <class T>
class RestlessAtomic {
 public:
  constexpr RestlessAtomic() noexcept = default;
  constexpr RestlessAtomic(T value) noexcept : value_(value) {}

  T load(std::memory_order order = std::memory_order_seq_cst) const noexcept {
    Team::pause();
    return value_.load(order);
  }
  void store(T value,
             std::memory_order order = std::memory_order_seq_cst) noexcept {
    Team::pause();
    value_.store(value, order);
  }
  T exchange(T value,
             std::memory_order order = std::memory_order_seq_cst) noexcept {
    Team::pause();
    return value_.exchange(value, order);
  }
  bool compare_exchange_strong(
      T& expected, T desired,
      std::memory_order order = std::memory_order_seq_cst) noexcept {
    Team::pause();
    return value_.compare_exchange_strong(expected, desired, order);
  }
  bool compare_exchange_strong(T& expected, T desired,
                               std::memory_order success,
                               std::memory_order failure) noexcept {
    Team::pause();
    return value_.compare_exchange_strong(expected, desired, success, failure);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order success,
                             std::memory_order failure) noexcept {
    Team::pause();
    return value_.compare_exchange_weak(expected, desired, success, failure);
  }

 private:
  std::atomic<T> value_{};
};

}  // namespace weir::testing

#endif  // WEIR_TESTS_LINEARIZABILITY_RESTLESS_ATOMIC_H_
