#include "weir/base/clock.h"

#include <time.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace weir {
namespace {

int64_t read_clock(clockid_t id) {
  timespec t;
  clock_gettime(id, &t);
  return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

// Reads `clock` for `time` and checks each reading against the system's clocks.
void follow(SystemClock& clock, int64_t time) {
  // How far the wall clock may drift between two measurements, and how long a
  // measuring thread may be interrupted.
  constexpr int64_t kWallError = 5'000'000;
  int64_t previous = 0;
  const int64_t end = read_clock(CLOCK_MONOTONIC) + time;
  while (previous < end) {
    const int64_t wall_before = read_clock(CLOCK_REALTIME);
    const int64_t before = read_clock(CLOCK_MONOTONIC);
    const Instant now = clock.now();
    const int64_t after = read_clock(CLOCK_MONOTONIC);
    const int64_t wall_after = read_clock(CLOCK_REALTIME);
    ASSERT_GE(now.monotonic, before - SystemClock::kErrorBound);
    ASSERT_LE(now.monotonic, after + SystemClock::kErrorBound);
    ASSERT_GE(now.unix_ns, wall_before - kWallError);
    ASSERT_LE(now.unix_ns, wall_after + kWallError);
    ASSERT_GE(now.monotonic, previous);
    previous = now.monotonic;
  }
}

TEST(SystemClock, FollowsBothClocks) {
  SystemClock clock;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] { follow(clock, 1'500'000'000); });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(SystemClock, FollowsThemAfterAPause) {
  SystemClock clock;
  for (int i = 0; i < 3; ++i) {
    follow(clock, 110'000'000);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }
  follow(clock, 1'000'000);
}

// The counter is read where the kernel itself keeps time by it; it then runs at
// one rate whatever the processor does.
TEST(SystemClock, UsesTheCounterWhereTheKernelDoes) {
#if defined(__x86_64__)
  std::string choice, line;
  std::getline(
      std::ifstream(
          "/sys/devices/system/clocksource/clocksource0/current_clocksource"),
      choice);
  bool is_invariant = false;
  for (std::ifstream file("/proc/cpuinfo"); std::getline(file, line);) {
    if (line.rfind("flags", 0) != 0) continue;
    is_invariant = line.find(" constant_tsc") != line.npos &&
                   line.find(" nonstop_tsc") != line.npos;
    break;
  }
  const bool expected = choice == "tsc" && is_invariant;
#else
  constexpr bool expected = false;
#endif
  SystemClock clock;
  EXPECT_FALSE(clock.uses_counter());
  // An interruption may have it measure once more.
  for (int i = 0; i < 20 && (i < 3 || clock.uses_counter() != expected); ++i) {
    follow(clock, 110'000'000);
  }
  EXPECT_EQ(clock.uses_counter(), expected);
}

TEST(SystemClock, OneThreadsTimeNeverGoesBackFromClockToClock) {
  std::vector<SystemClock> clocks(3);
  int64_t previous = 0;
  const int64_t end = read_clock(CLOCK_MONOTONIC) + 500'000'000;
  for (size_t i = 0; previous < end; ++i) {
    const int64_t now = clocks[i % clocks.size()].now().monotonic;
    ASSERT_GE(now, previous);
    previous = now;
  }
}

TEST(ManualClock, MovesOnlyWhenTold) {
  ManualClock clock(1000);
  EXPECT_EQ(clock.now().monotonic, 1000);
  EXPECT_EQ(clock.now().unix_ns, 1000);
  clock.advance(5);
  clock.step_wall_clock(-100);
  EXPECT_EQ(clock.now().monotonic, 1005);
  EXPECT_EQ(clock.now().unix_ns, 905);
  EXPECT_EQ((clock.now() + 10).monotonic, 1015);
  EXPECT_EQ((clock.now() + 10).unix_ns, 915);
}

}  // namespace
}  // namespace weir
