#include "enforcer/clock.h"

#include <time.h>

namespace weir {
namespace {

constexpr int64_t kMeasureEvery = 100'000'000;

int64_t read_clock(clockid_t id) {
  timespec t;
  clock_gettime(id, &t);
  return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

SystemClock::SystemClock() { measure_offset(read_clock(CLOCK_MONOTONIC)); }

Instant SystemClock::now() noexcept {
  const int64_t monotonic = read_clock(CLOCK_MONOTONIC);
  // Relaxed: the offset is one number that stands alone, and a stale one is at
  // most one measurement old.
  if (monotonic >= measure_at_.load(std::memory_order_relaxed)) {
    measure_offset(monotonic);
  }
  return {monotonic, monotonic + offset_.load(std::memory_order_relaxed)};
}

void SystemClock::measure_offset(int64_t monotonic) noexcept {
  measure_at_.store(monotonic + kMeasureEvery, std::memory_order_relaxed);
  // A thread descheduled between two readings would measure its own absence, so
  // the tightest of a few pairs counts.
  int64_t offset = 0;
  int64_t tightest = INT64_MAX;
  for (int i = 0; i < 3; ++i) {
    const int64_t before = read_clock(CLOCK_MONOTONIC);
    const int64_t wall = read_clock(CLOCK_REALTIME);
    const int64_t after = read_clock(CLOCK_MONOTONIC);
    if (after - before < tightest) {
      tightest = after - before;
      offset = wall - before - (after - before) / 2;
    }
  }
  offset_.store(offset, std::memory_order_relaxed);
}

}  // namespace weir
