#ifndef WEIR_BASE_CLOCK_H_
#define WEIR_BASE_CLOCK_H_

#include <atomic>
#include <cstdint>
#include <memory>

namespace weir {

// One reading of the time, in nanoseconds. Throttles use `monotonic`, which
// never steps; quota periods use `unix_ns`, which follows the calendar.
struct Instant {
  int64_t monotonic =
      0;                // since an arbitrary origin, the same for one enforcer
  int64_t unix_ns = 0;  // since 1970-01-01T00:00:00Z

  // Both axes advanced by `nanoseconds`.
  constexpr Instant operator+(int64_t nanoseconds) const {
    return {monotonic + nanoseconds, unix_ns + nanoseconds};
  }
};

// The clock that an enforcer reads. Implementations must be thread-safe, and
// `now()` must neither block nor allocate.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() noexcept = 0;
};

// The system's clocks: CLOCK_MONOTONIC and CLOCK_REALTIME.
//
// If the processor has a cycle counter that the kernel itself uses to keep
// time, calls read that counter, and ten times a second one of the calls
// compares it with the system's clocks. During the first 200 ms, and whenever
// there is no such counter or it misbehaves, calls read CLOCK_MONOTONIC.
// Neither is a system call if the C library's clock_gettime() makes none.
//
// One thread's readings of `monotonic` never go back. They are within
// `kErrorBound` of CLOCK_MONOTONIC, usually within 100 ns. A step of the wall
// clock becomes visible within 100 ms. *thread-safe*
class SystemClock final : public Clock {
 public:
  // In nanoseconds; base/cycle_clock.h derives it.
  static constexpr int64_t kErrorBound = 102'000;

  SystemClock();
  ~SystemClock() override;
  Instant now() noexcept override;

  // Whether calls currently read the cycle counter.
  bool uses_counter() const noexcept;

 private:
  struct State;

  const std::unique_ptr<State> state_;
};

// A clock that moves only when told to, for tests and simulations.
// *thread-safe*
class ManualClock final : public Clock {
 public:
  // Both axes start at `unix_ns`.
  explicit ManualClock(int64_t unix_ns) : monotonic_(unix_ns), unix_(unix_ns) {}

  Instant now() noexcept override {
    return {monotonic_.load(std::memory_order_relaxed),
            unix_.load(std::memory_order_relaxed)};
  }
  void advance(int64_t nanoseconds) {
    monotonic_.fetch_add(nanoseconds);
    unix_.fetch_add(nanoseconds);
  }
  // Steps only the wall clock, as an administrator or NTP would.
  void step_wall_clock(int64_t nanoseconds) { unix_.fetch_add(nanoseconds); }

 private:
  // Readers are relaxed: a test that moves time between threads must provide
  // its own ordering.
  std::atomic<int64_t> monotonic_;
  std::atomic<int64_t> unix_;
};

}  // namespace weir

#endif  // WEIR_BASE_CLOCK_H_
