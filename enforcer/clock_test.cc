#include "enforcer/clock.h"

#include <time.h>

#include <cstdlib>

#include "gtest/gtest.h"

namespace weir {
namespace {

int64_t read_clock(clockid_t id) {
  timespec t;
  clock_gettime(id, &t);
  return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

TEST(SystemClock, FollowsBothClocks) {
  SystemClock clock;
  int64_t previous = 0;
  // Longer than the interval at which the offset is measured.
  const int64_t end = read_clock(CLOCK_MONOTONIC) + 250'000'000;
  while (previous < end) {
    const int64_t wall_before = read_clock(CLOCK_REALTIME);
    const int64_t before = read_clock(CLOCK_MONOTONIC);
    const Instant now = clock.now();
    const int64_t after = read_clock(CLOCK_MONOTONIC);
    const int64_t wall_after = read_clock(CLOCK_REALTIME);
    EXPECT_GE(now.monotonic, before);
    EXPECT_LE(now.monotonic, after);
    // What the two clocks may drift apart between two measurements.
    constexpr int64_t kDrift = 1'000'000;
    EXPECT_GE(now.unix, wall_before - kDrift);
    EXPECT_LE(now.unix, wall_after + kDrift);
    EXPECT_GE(now.monotonic, previous);
    previous = now.monotonic;
  }
}

TEST(ManualClock, MovesOnlyWhenTold) {
  ManualClock clock(1000);
  EXPECT_EQ(clock.now().monotonic, 1000);
  EXPECT_EQ(clock.now().unix, 1000);
  clock.advance(5);
  clock.step_wall_clock(-100);
  EXPECT_EQ(clock.now().monotonic, 1005);
  EXPECT_EQ(clock.now().unix, 905);
  EXPECT_EQ((clock.now() + 10).monotonic, 1015);
  EXPECT_EQ((clock.now() + 10).unix, 915);
}

}  // namespace
}  // namespace weir
