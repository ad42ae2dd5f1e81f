// What became of the requests that were for an upstream, for monitoring.

#ifndef WEIR_GATEWAY_UPSTREAM_COUNTERS_H_
#define WEIR_GATEWAY_UPSTREAM_COUNTERS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace weir {

// Counts an upstream's answers by the class of their status, and why others did
// not come. *thread-safe*
class UpstreamCounters {
 public:
  enum class Failure {
    kTimeout,
    kError,  // any other: not reached, or what came is no answer
  };

  static constexpr size_t kClasses = 4;
  static constexpr size_t kFailures = 2;
  // As they are called in metrics; of failures, by `Failure`.
  static constexpr std::array<const char*, kClasses> kClassNames = {
      "2xx", "3xx", "4xx", "5xx"};
  static constexpr std::array<const char*, kFailures> kFailureNames = {
      "timeout", "error"};

  // REQUIRES: `status` in [200, 599].
  void count_answer(int status) noexcept;
  void count_failure(Failure failure) noexcept;

  // By class, and by `Failure`: a moment's numbers.
  std::array<int64_t, kClasses> answers() const noexcept;
  std::array<int64_t, kFailures> failures() const noexcept;

 private:
  // Beside a request to another server, processors that meet here cost nothing.
  std::array<std::atomic<int64_t>, kClasses> answers_{};
  std::array<std::atomic<int64_t>, kFailures> failures_{};
};

}  // namespace weir

#endif  // WEIR_GATEWAY_UPSTREAM_COUNTERS_H_
