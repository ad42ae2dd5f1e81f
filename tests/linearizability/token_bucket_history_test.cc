// A bucket's calls, recorded and put in order: it is linearizable, under real
// threads and under every schedule of small programs.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/str_format.h"
#include "gtest/gtest.h"
#include "weir/tests/interleaving/interleaving.h"
#include "weir/tests/linearizability/linearizability.h"
#include "weir/tests/linearizability/recorder.h"
#include "weir/tests/linearizability/restless_atomic.h"
#include "weir/tests/linearizability/rounds.h"
#include "weir/tests/linearizability/team.h"
#include "weir/throttle/token_bucket.h"
#include "weir/throttle/token_clock.h"

namespace weir {
namespace {

using testing::explore;
using testing::is_linearizable;
using testing::play_rounds;
using testing::Program;
using testing::Recorder;
using testing::RestlessAtomic;
using testing::ScheduledAtomic;
using testing::Team;

// The bucket in plain arithmetic, for a rate of `1 / token` a nanosecond. Its
// state is when it will be full, if that is in the future.
struct BucketModel {
  using State = int64_t;
  struct Event {
    enum Kind { kTake, kCheck, kGiveBack };
    Kind kind;
    int64_t cost;
    int64_t at;
    int64_t burst;
    bool taken;
  };

  int64_t token;

  bool step(const Event& event, State& full_at) const {
    const int64_t units = event.cost * token;
    if (event.kind == Event::kGiveBack) {
      if (full_at > event.at) full_at = std::max<int64_t>(0, full_at - units);
      return true;
    }
    const int64_t after = std::max(full_at, event.at) + units;
    const bool room = after <= event.at + event.burst * token;
    if (room && event.kind == Event::kTake && event.cost > 0) full_at = after;
    return room == event.taken;
  }

  std::string describe(const Event& event) const {
    static constexpr const char* kNames[] = {"take", "check", "give back"};
    return absl::StrFormat("%s %d at %d, burst %d%s", kNames[event.kind],
                           event.cost, event.at, event.burst,
                           event.kind == Event::kGiveBack ? ""
                           : event.taken                  ? " -> yes"
                                                          : " -> no");
  }
};

using Event = BucketModel::Event;

// One bucket, the clocks of two plans, and what was called.
template <template <class> class Atomic>
struct World {
  World(const TokenClock& older, const TokenClock& newer, int threads)
      : older(older), newer(newer), calls(threads) {}

  bool ask(int thread, Event::Kind kind, const TokenClock& clock, int64_t at,
           int64_t cost) {
    bool taken = false;
    calls.record(thread, [&] {
      const TokenClock* by = &clock;
      const auto answer = [&] {
        return kind == Event::kTake ? bucket.take(*by, by->at(at), cost)
                                    : bucket.check(*by, by->at(at), cost);
      };
      Take take = answer();
      if (take.outcome == TakeOutcome::kStale) {
        by = &newer;
        take = answer();
      }
      taken = take.outcome == TakeOutcome::kTaken;
      return Event{kind, cost, at, by->burst(), taken};
    });
    return taken;
  }

  void give_back(int thread, const TokenClock& clock, int64_t at,
                 int64_t cost) {
    calls.record(thread, [&] {
      if (!bucket.give_back(clock, clock.at(at), cost)) {
        EXPECT_TRUE(bucket.give_back(newer, newer.at(at), cost));
      }
      return Event{Event::kGiveBack, cost, at, clock.burst(), false};
    });
  }

  const TokenClock& older;
  const TokenClock& newer;
  BasicTokenBucket<Atomic> bucket;
  Recorder<Event> calls;
};

// Random calls of three threads, each of which gives back only what it took.
void play(const TokenClock& older, const TokenClock& newer, int64_t token,
          int64_t latest) {
  constexpr int kThreads = 3;
  constexpr int kCalls = 6;
  play_rounds(kThreads, [&](Team& team) {
    World<RestlessAtomic> world(older, newer, kThreads);
    team.run([&](int thread) {
      Team::Random& random = Team::random();
      int64_t held = 0;
      for (int i = 0; i < kCalls; ++i) {
        const TokenClock& clock = random() % 2 == 0 ? older : newer;
        const int64_t at =
            latest == 0 ? 0 : static_cast<int64_t>(random() % latest);
        const int64_t cost = static_cast<int64_t>(random() % 4);
        switch (random() % 4) {
          case 0:
            world.ask(thread, Event::kCheck, clock, at, cost);
            break;
          case 1:
            if (held > 0) {
              world.give_back(thread, clock, at, held);
              held = 0;
              break;
            }
            [[fallthrough]];
          default:
            if (world.ask(thread, Event::kTake, clock, at, cost)) held += cost;
        }
        Team::pause();
      }
    });
    EXPECT_TRUE(is_linearizable(BucketModel{token}, 0, world.calls.history()));
  });
}

TEST(TokenBucketHistory, IsLinearizableWhileTimeStandsStill) {
  const TokenClock clock = TokenClock::create(0, 5, 0).value();
  play(clock, clock, 1, 0);
}

TEST(TokenBucketHistory, IsLinearizableWhateverTheTimesThatCallersBring) {
  const TokenClock clock = TokenClock::create(1000, 5, 0).value();
  play(clock, clock, 1'000'000, 8'000'000);
}

// The words of the two are in different scales, and their bursts differ.
TEST(TokenBucketHistory, IsLinearizableAcrossAChangeOfLimits) {
  const TokenClock older = TokenClock::create(10, 5, 0).value();
  const TokenClock newer = older.with_limits(1e6, 3, 0).value();
  ASSERT_NE(older.units_per_token(), newer.units_per_token());
  play(older, newer, 1, 0);
}

// Reads what no thread writes: the moment at which a call begins is a choice of
// the schedule too.
void begin(const ScheduledAtomic<int>& start) { (void)start.load(); }

TEST(TokenBucketHistory, IsLinearizableUnderEverySchedule) {
  const TokenClock older = TokenClock::create(10, 3, 0).value();
  const TokenClock newer = older.with_limits(1e6, 2, 0).value();
  const auto explored = explore([&](Program& program) {
    auto world = std::make_shared<World<ScheduledAtomic>>(older, newer, 3);
    auto start = std::make_shared<ScheduledAtomic<int>>();
    program.thread([=] {
      begin(*start);
      if (world->ask(0, Event::kTake, world->older, 0, 2)) {
        begin(*start);
        world->give_back(0, world->older, 0, 1);
      }
    });
    program.thread([=] {
      begin(*start);
      world->ask(1, Event::kTake, world->newer, 0, 1);
    });
    program.thread([=] {
      begin(*start);
      world->ask(2, Event::kCheck, world->older, 0, 2);
    });
    program.at_end([=] {
      EXPECT_TRUE(is_linearizable(BucketModel{1}, 0, world->calls.history()));
    });
  });
  EXPECT_TRUE(explored.complete);
  RecordProperty("schedules", std::to_string(explored.schedules));
}

}  // namespace
}  // namespace weir
