// The cycle clock under every order of its accesses, and with reads of old
// values where the memory orders allow them: a line is read whole or not at
// all.

#include <cstdint>
#include <functional>
#include <memory>

#include "gtest/gtest.h"
#include "weir/base/cycle_clock.h"
#include "weir/tests/interleaving/interleaving.h"
#include "weir/tests/time_constants.h"

namespace weir::internal {
namespace {

using testing::Bounds;
using testing::Explored;
using testing::Program;
using testing::ScheduledAtomic;

Explored explore(const std::function<void(Program&)>& build, int preemptions) {
  const Explored explored = testing::explore(build, Bounds{preemptions, 0});
  if (!explored.complete) return explored;
  int64_t schedules = explored.schedules;
  for (const Bounds bounds : {Bounds{1, /*late_reads=*/2}, Bounds{2, 1}}) {
    const Explored late = testing::explore(build, bounds);
    if (!late.complete) return late;
    schedules += late.schedules;
  }
  return {schedules, true};
}

// Two cycles are a nanosecond, which is what a reading takes.
struct World {
  int64_t time = 1'000'000'000;
  int64_t cycles_ahead = 0;
};

class FakeMachine {
 public:
  explicit FakeMachine(World* world) : world_(*world) {}

  bool has_counter() const { return true; }
  uint64_t cycles() const {
    return static_cast<uint64_t>(2 * world_.time++ + world_.cycles_ahead);
  }
  int64_t monotonic() const { return world_.time++; }
  int64_t wall() const { return world_.time++; }

 private:
  World& world_;
};

struct State {
  explicit State(int64_t idle) {
    int64_t latest = 0;
    for (int i = 0; i < 5; ++i) {
      clock.monotonic(latest);
      world.time += 60 * kMillisecond;
    }
    EXPECT_TRUE(clock.uses_counter());
    world.time += idle;
  }

  // Reads the clock `times` times, as one thread that was last given `latest`.
  void read(int times, int64_t latest = 0) {
    for (int i = 0; i < times; ++i) {
      const int64_t previous = latest;
      const int64_t before = world.time;
      const int64_t now = clock.monotonic(latest);
      EXPECT_GE(now, previous);
      // Anchors lie in the middle of readings that others may interrupt.
      EXPECT_GE(now, before - kSlack);
      EXPECT_LE(now, world.time + may_be_ahead + kSlack);
    }
  }

  // At any moment of the other threads.
  void pass(int64_t nanoseconds) {
    elsewhere.load();
    world.time += nanoseconds;
  }

  static constexpr int64_t kSlack = 10;

  int64_t may_be_ahead = 0;
  World world;
  ScheduledAtomic<int> elsewhere{0};
  BasicCycleClock<FakeMachine, ScheduledAtomic> clock{FakeMachine(&world)};
};

// The interval has passed, so all readers take a new anchor.
TEST(CycleClockInterleaving, ReadersAndAnchorsAgree) {
  const Explored explored = explore(
      [](Program& program) {
        auto state = std::make_shared<State>(150 * kMillisecond);
        program.thread([state] { state->read(2); });
        program.thread([state] { state->read(2); });
        program.thread([state] { state->pass(50 * kMillisecond); });
        program.at_end([state] { state->read(2); });
      },
      /*preemptions=*/2);
  EXPECT_TRUE(explored.complete);
  EXPECT_GT(explored.schedules, 1'000);
}

// A counter that has leapt is dropped, and no reader mixes the lines.
TEST(CycleClockInterleaving, ReadersAgreeWhileACounterIsDropped) {
  const Explored explored = explore(
      [](Program& program) {
        auto state = std::make_shared<State>(10 * kMillisecond);
        state->world.cycles_ahead = 1'000 * kMillisecond;
        program.thread([state] { state->read(2); });
        program.thread([state] { state->read(2); });
        program.at_end([state] { EXPECT_FALSE(state->clock.uses_counter()); });
      },
      /*preemptions=*/3);
  EXPECT_TRUE(explored.complete);
}

// A line still serves when the next one is due, so a mixture of both would
// serve as well. A thread that was given a later time causes the next one.
TEST(CycleClockInterleaving, ReadersAgreeWhileALineThatServesIsReplaced) {
  using Clock = decltype(State::clock);
  const Explored explored = explore(
      [](Program& program) {
        auto state = std::make_shared<State>(150 * kMillisecond);
        state->read(1);  // the anchor
        state->world.time += Clock::kInterval + Clock::kTolerance / 2;
        program.thread([state] { state->read(1, state->world.time + 8); });
        program.thread([state] { state->read(1); });
      },
      /*preemptions=*/2);
  EXPECT_TRUE(explored.complete);
}

// The same with a line that no longer serves: the counter is ahead of it.
TEST(CycleClockInterleaving, ReadersAgreeWhileALineThatServesIsDropped) {
  constexpr int64_t kAhead = 5 * kMillisecond;
  const Explored explored = explore(
      [](Program& program) {
        auto state = std::make_shared<State>(150 * kMillisecond);
        state->read(1);  // the anchor
        state->world.time += 10 * kMillisecond;
        state->world.cycles_ahead = 2 * kAhead;
        state->may_be_ahead = kAhead + 8;
        program.thread(
            [state] { state->read(1, state->world.time + kAhead + 8); });
        program.thread([state] { state->read(1); });
      },
      /*preemptions=*/2);
  EXPECT_TRUE(explored.complete);
}

}  // namespace
}  // namespace weir::internal
