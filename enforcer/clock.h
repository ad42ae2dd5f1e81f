#ifndef WEIR_ENFORCER_CLOCK_H_
#define WEIR_ENFORCER_CLOCK_H_

#include <atomic>
#include <cstdint>

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

// The system's clocks. One reading of CLOCK_MONOTONIC a call; the distance to
// CLOCK_REALTIME is measured ten times a second, so a step of the wall clock
// shows within 100 ms. *thread-safe*
class SystemClock final : public Clock {
 public:
  SystemClock();
  Instant now() noexcept override;

 private:
  void measure_offset(int64_t monotonic) noexcept;

  std::atomic<int64_t> offset_{0};  // CLOCK_REALTIME - CLOCK_MONOTONIC
  std::atomic<int64_t> measure_at_{0};
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
