#include "weir/base/cycle_clock.h"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <random>

#include "gtest/gtest.h"
#include "weir/tests/time_constants.h"

namespace weir::internal {
namespace {

constexpr int64_t kMicrosecond = 1'000;

// A machine whose clocks are controlled by the test. Reading one takes time.
struct World {
  void advance(int64_t nanoseconds) {
    time += nanoseconds;
    cycles += static_cast<double>(nanoseconds) * cycles_per_ns;
  }

  int64_t time = 5 * kSecond;  // CLOCK_MONOTONIC
  double cycles = 1e12;
  double cycles_per_ns = 2.4;
  int64_t wall_ahead = 1'800'000'000 * kSecond;
  int64_t cost = 20;  // of a reading, half of it before the value is taken
  bool has_counter = true;
  int64_t system_readings = 0;
  std::mt19937_64* interrupt = nullptr;  // now and then, for a long time
};

class FakeMachine {
 public:
  explicit FakeMachine(World* world) : world_(*world) {}

  bool has_counter() const { return world_.has_counter; }
  uint64_t cycles() const {
    pass();
    const auto value = static_cast<uint64_t>(world_.cycles);
    pass();
    return value;
  }
  int64_t monotonic() const {
    ++world_.system_readings;
    pass();
    const int64_t value = world_.time;
    pass();
    return value;
  }
  int64_t wall() const { return monotonic() + world_.wall_ahead; }

 private:
  void pass() const {
    int64_t time = world_.cost / 2;
    if (world_.interrupt != nullptr) {
      const uint64_t dice = (*world_.interrupt)();
      time += static_cast<int64_t>(dice % 40);
      if (dice % 100 == 0) time += static_cast<int64_t>(dice % kMillisecond);
    }
    world_.advance(time);
  }

  World& world_;
};

class CycleClockTest : public ::testing::Test {
 protected:
  using Clock = BasicCycleClock<FakeMachine>;

  // How far a reading is from the time at which it was made. Also checks that
  // the thread's time did not go back.
  int64_t read() {
    const int64_t previous = latest_;
    const int64_t before = world_.time;
    const int64_t now = clock_.monotonic(latest_);
    EXPECT_GE(now, previous);
    EXPECT_EQ(now, latest_);
    if (now < before) return now - before;
    return now > world_.time ? now - world_.time : 0;
  }

  // Reads every `step` for `time`. Returns the greatest error either way.
  int64_t run(int64_t time, int64_t step = 200 * kMicrosecond) {
    int64_t worst = 0;
    for (const int64_t end = world_.time + time; world_.time < end;) {
      worst = std::max(worst, std::abs(read()));
      world_.advance(step);
    }
    return worst;
  }

  void calibrate() {
    EXPECT_LE(run(250 * kMillisecond), Clock::kWidest);
    ASSERT_TRUE(clock_.uses_counter());
  }

  World world_;
  Clock clock_{FakeMachine(&world_)};
  int64_t latest_ = 0;
};

TEST_F(CycleClockTest, ReadsTheSystemsClockUntilTheCounterIsKnown) {
  run(190 * kMillisecond);
  EXPECT_FALSE(clock_.uses_counter());
  run(20 * kMillisecond);
  EXPECT_TRUE(clock_.uses_counter());
}

TEST_F(CycleClockTest, ThenReadsItTenTimesASecond) {
  calibrate();
  world_.system_readings = 0;
  EXPECT_LE(run(10 * kSecond), 1);
  EXPECT_LE(world_.system_readings, 100 * 5);
  EXPECT_GE(world_.system_readings, 100 * 4 - 5);
}

TEST_F(CycleClockTest, WithoutACounterReadsTheSystemsClock) {
  world_.has_counter = false;
  Clock clock{FakeMachine(&world_)};
  for (int i = 0; i < 1000; ++i) {
    world_.system_readings = 0;
    const int64_t before = world_.time;
    EXPECT_EQ(clock.monotonic(latest_), before + world_.cost / 2);
    EXPECT_EQ(world_.system_readings, 1);
    world_.advance(kMillisecond);
  }
  EXPECT_FALSE(clock.uses_counter());
}

TEST_F(CycleClockTest, RateMayBeAnything) {
  for (const double rate : {0.01, 0.3, 1.0, 3.7, 20.0}) {
    world_.cycles_per_ns = rate;
    Clock clock{FakeMachine(&world_)};
    int64_t latest = 0;
    for (int i = 0; i < 5000; ++i) {
      const int64_t before = world_.time;
      const int64_t now = clock.monotonic(latest);
      // A coarse counter gives the time as coarsely.
      ASSERT_GE(now, before - 1 - static_cast<int64_t>(2 / rate)) << rate;
      ASSERT_LE(now, world_.time + 1 + static_cast<int64_t>(2 / rate)) << rate;
      world_.advance(200 * kMicrosecond);
    }
    EXPECT_TRUE(clock.uses_counter()) << rate;
  }
}

// As NTP does: by 500 ppm one way, then the other, each for a random time.
TEST_F(CycleClockTest, ErrorIsBoundedWhileTheSystemsClockIsSteered) {
  std::mt19937_64 random(7);
  world_.interrupt = &random;
  calibrate();
  int64_t worst = 0;
  for (int i = 0; i < 200; ++i) {
    world_.cycles_per_ns = 2.4 * (i % 2 == 0 ? 1.0005 : 0.9995);
    worst = std::max(
        worst, run(static_cast<int64_t>(random() % (400 * kMillisecond)) + 1));
  }
  EXPECT_LE(worst, Clock::kErrorBound);
  EXPECT_GE(worst, 50 * kMicrosecond);  // the error was put to the test
}

TEST_F(CycleClockTest, InterruptedReadingsDoNotMislead) {
  std::mt19937_64 random(11);
  world_.interrupt = &random;
  run(kSecond);
  world_.system_readings = 0;
  EXPECT_LE(run(20 * kSecond, 20 * kMicrosecond), Clock::kWidest * 3 / 2);
  // They do not drop the counter each time, either.
  EXPECT_LE(world_.system_readings, 20'000);
}

// A calibration by a clock that takes a microsecond to read is worthless.
TEST_F(CycleClockTest, SlowReadingsAreNoAnchors) {
  world_.cost = 2 * kMicrosecond;
  EXPECT_EQ(run(2 * kSecond), 0);
  EXPECT_FALSE(clock_.uses_counter());
}

TEST_F(CycleClockTest, IdleTimeIsCaughtUpAtOnce) {
  calibrate();
  for (const int64_t idle : {kSecond, 86'400 * kSecond, 300 * kMillisecond}) {
    world_.advance(idle);
    EXPECT_EQ(read(), 0);
    EXPECT_TRUE(clock_.uses_counter());
    EXPECT_LE(run(kSecond), 2);
  }
}

TEST_F(CycleClockTest, CounterThatLeapsAheadIsDropped) {
  for (const double leap : {1e9, 1e12, 1e15}) {
    calibrate();
    world_.cycles += leap;
    EXPECT_EQ(read(), 0);
    EXPECT_FALSE(clock_.uses_counter());
    EXPECT_EQ(run(150 * kMillisecond), 0);
    EXPECT_EQ(run(150 * kMillisecond), 0);
    EXPECT_TRUE(clock_.uses_counter());
  }
}

TEST_F(CycleClockTest, CounterThatLeapsAlittleIsFoundOutByTheNextAnchor) {
  calibrate();
  world_.cycles += 2.4 * 40 * kMillisecond;
  const int64_t worst = run(100 * kMillisecond);
  EXPECT_GE(worst, 39 * kMillisecond);
  EXPECT_LE(worst, 41 * kMillisecond);
  EXPECT_FALSE(clock_.uses_counter());
  // Time stood still until the system's time had caught up.
  EXPECT_EQ(run(kSecond), 0);
  EXPECT_TRUE(clock_.uses_counter());
}

TEST_F(CycleClockTest, CounterThatJumpsBackIsDropped) {
  for (const double jump : {300e6, 1e12}) {
    calibrate();
    world_.cycles = std::max(0.0, world_.cycles - jump);
    EXPECT_EQ(read(), 0);
    EXPECT_FALSE(clock_.uses_counter());
    EXPECT_EQ(run(kSecond), 0);
    EXPECT_TRUE(clock_.uses_counter());
  }
}

// Processors' counters may differ by a little.
TEST_F(CycleClockTest, CounterALittleBehindTheAnchorIsNoMatter) {
  calibrate();
  world_.advance(Clock::kInterval);
  EXPECT_EQ(read(), 0);  // an anchor
  for (int i = 0; i < 100; ++i) {
    world_.cycles -= 1'000;
    EXPECT_LE(std::abs(read()), 1'000);
    world_.cycles += 1'000;
    EXPECT_LE(std::abs(read()), 1'000);
    EXPECT_TRUE(clock_.uses_counter());
  }
}

TEST_F(CycleClockTest, CounterThatStopsIsDropped) {
  calibrate();
  world_.cycles_per_ns = 0;
  // Once to notice, and not before enough time has passed to make a difference.
  read();
  EXPECT_LE(run(kSecond), 400 * kMicrosecond);
  EXPECT_FALSE(clock_.uses_counter());
  EXPECT_EQ(run(kSecond), 0);
  world_.cycles_per_ns = 2.4;
  EXPECT_EQ(run(kSecond), 0);
  EXPECT_TRUE(clock_.uses_counter());
}

// A machine that moved to another.
TEST_F(CycleClockTest, RateThatChangesIsFoundOutByTheNextAnchor) {
  for (const double rate : {4.8, 1.2, 2.41}) {
    world_.cycles_per_ns = 2.4;
    run(kSecond);
    ASSERT_TRUE(clock_.uses_counter());
    world_.cycles_per_ns = rate;
    int64_t passed = 0;
    for (; clock_.uses_counter() && passed < kSecond; passed += kMillisecond) {
      EXPECT_LE(run(kMillisecond), 101 * kMillisecond);
    }
    EXPECT_LE(passed, 205 * kMillisecond);  // an interval at half the rate
    run(300 * kMillisecond);
    EXPECT_LE(run(kSecond), 2);
    EXPECT_TRUE(clock_.uses_counter());
  }
}

// The counter ran on and the clock did not, or the other way round.
TEST_F(CycleClockTest, SuspendedMachineIsCaughtUpAtOnce) {
  calibrate();
  world_.cycles += 2.4 * 3600 * kSecond;
  EXPECT_EQ(read(), 0);
  EXPECT_EQ(run(kSecond), 0);
  EXPECT_TRUE(clock_.uses_counter());
  world_.time += 3600 * kSecond;
  // Time that the counter does not show appears at the next anchor.
  run(101 * kMillisecond);
  EXPECT_EQ(run(kSecond), 0);
  EXPECT_TRUE(clock_.uses_counter());
}

TEST_F(CycleClockTest, OtherClocksOfTheThreadDoNotTakeItBack) {
  calibrate();
  latest_ = world_.time + 10 * kMillisecond;
  const int64_t ahead = latest_;
  for (int i = 0; i < 50; ++i) {
    read();
    EXPECT_EQ(latest_, ahead);
    world_.advance(100 * kMicrosecond);
  }
  EXPECT_TRUE(clock_.uses_counter());
  run(10 * kMillisecond);
  EXPECT_EQ(run(kSecond), 0);
}

TEST_F(CycleClockTest, StepOfTheWallClockShowsWithinAnInterval) {
  for (const int64_t step : {3600 * kSecond, -7200 * kSecond}) {
    run(kSecond);
    world_.wall_ahead += step;
    const int64_t end = world_.time + Clock::kInterval;
    int64_t offset = 0;
    while (world_.time <= end) {
      read();
      offset = clock_.wall_offset(latest_);
      world_.advance(kMillisecond);
    }
    EXPECT_LE(std::abs(offset - world_.wall_ahead), 2 * world_.cost);
  }
}

TEST_F(CycleClockTest, AnythingMayHappenButTimeNeverGoesBack) {
  const char* const environment = std::getenv("WEIR_TEST_SEED");
  const uint64_t seed =
      environment != nullptr ? std::strtoull(environment, nullptr, 10) : 1;
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  world_.interrupt = &random;
  for (int i = 0; i < 2000; ++i) {
    const auto amount = static_cast<double>(random() % 1'000'000'000);
    switch (random() % 6) {
      case 0:
        world_.cycles += amount;
        break;
      case 1:
        world_.cycles = std::max(0.0, world_.cycles - amount);
        break;
      case 2:
        world_.cycles_per_ns = static_cast<double>(random() % 50) / 10;
        break;
      case 3:
        world_.time += static_cast<int64_t>(amount);
        break;
      case 4:
        run(static_cast<int64_t>(random() % kSecond), kMillisecond);
        break;
      default:
        // `read()` checks what the test's name says.
        run(static_cast<int64_t>(amount) / 100, 50 * kMicrosecond);
    }
    // No line, and no time computed from one, reaches further.
    EXPECT_LE(read(), Clock::kInterval);
  }
  world_.cycles_per_ns = 3;
  run(kSecond);
  EXPECT_LE(run(kSecond), Clock::kWidest * 3 / 2);
}

}  // namespace
}  // namespace weir::internal
