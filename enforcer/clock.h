#ifndef WEIR_ENFORCER_CLOCK_H_
#define WEIR_ENFORCER_CLOCK_H_

#include <atomic>
#include <cstdint>
#include <memory>

namespace weir {

// One reading of time, in nanoseconds. Throttles go by `monotonic`, which never
// steps; quota periods go by `unix`, which follows the calendar.
struct Instant {
  int64_t monotonic =
      0;             // since an arbitrary origin, the same for one enforcer
  int64_t unix = 0;  // since 1970-01-01T00:00:00Z

  // Both axes advanced by `nanoseconds`.
  constexpr Instant operator+(int64_t nanoseconds) const {
    return {monotonic + nanoseconds, unix + nanoseconds};
  }
};

// Where an enforcer reads the time. Implementations are thread-safe, and
// `now()` neither blocks nor allocates.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() noexcept = 0;
};

// The system's clocks: CLOCK_MONOTONIC and CLOCK_REALTIME.
//
// Where the processor has a cycle counter that the kernel itself keeps time by,
// a call reads that, and ten times a second one of the calls compares it with
// the system's clocks. The first 200 ms, and wherever there is no such counter,
// or it misbehaves, a call reads CLOCK_MONOTONIC. Neither is a system call
// where the C library's clock_gettime() is none.
//
// One thread's readings of `monotonic` never go back. They are within
// `kErrorBound` of CLOCK_MONOTONIC, usually within 100 ns. A step of the wall
// clock shows within 100 ms. *thread-safe*
class SystemClock final : public Clock {
 public:
  // In nanoseconds; enforcer/cycle_clock.h derives it.
  static constexpr int64_t kErrorBound = 102'000;

  SystemClock();
  ~SystemClock() override;
  Instant now() noexcept override;

  // Whether calls read the cycle counter at present.
  bool uses_counter() const noexcept;

 private:
  struct State;

  const std::unique_ptr<State> state_;
};

// A clock that stands still until told otherwise: for tests and simulations.
// *thread-safe*
class ManualClock final : public Clock {
 public:
  // Both axes start at `unix`.
  explicit ManualClock(int64_t unix) : monotonic_(unix), unix_(unix) {}

  Instant now() noexcept override {
    return {monotonic_.load(std::memory_order_relaxed),
            unix_.load(std::memory_order_relaxed)};
  }
  void advance(int64_t nanoseconds) {
    monotonic_.fetch_add(nanoseconds);
    unix_.fetch_add(nanoseconds);
  }
  // Steps the wall clock alone, as an administrator or NTP would.
  void step_wall_clock(int64_t nanoseconds) { unix_.fetch_add(nanoseconds); }

 private:
  // Relaxed readers: a test that moves time between threads orders it itself.
  std::atomic<int64_t> monotonic_;
  std::atomic<int64_t> unix_;
};

}  // namespace weir

#endif  // WEIR_ENFORCER_CLOCK_H_
