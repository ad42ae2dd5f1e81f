#include <cstdint>
#include <memory>

#include "gtest/gtest.h"
#include "weir/tests/interleaving/interleaving.h"
#include "weir/throttle/token_bucket.h"
#include "weir/throttle/token_clock.h"

namespace weir {
namespace {

using ::weir::testing::Bounds;
using ::weir::testing::explore;
using ::weir::testing::Explored;
using ::weir::testing::Program;
using ::weir::testing::ScheduledAtomic;

// Includes reads of an old value, where the memory orders allow them.
constexpr Bounds kLate{testing::kAnyPreemptions, /*late_reads=*/1};

// One key's bucket, the tokens that callers hold, and the clocks of two plans.
// The second is also in force from 0 on: everything happens at one instant.
struct World {
  World(double old_rate, double new_rate, int64_t burst)
      : older(TokenClock::create(old_rate, burst, 0).value()),
        newer(older.with_limits(new_rate, burst, 0).value()) {}

  // Takes as callers do: with `clock`, and with the newer one if it is stale.
  bool take(const TokenClock& clock, int64_t cost) {
    Take take = bucket.take(clock, clock.at(0), cost);
    if (take.outcome == TakeOutcome::kStale) {
      EXPECT_EQ(&clock, &older);
      take = bucket.take(newer, newer.at(0), cost);
    }
    EXPECT_NE(take.outcome, TakeOutcome::kStale);
    if (take.outcome != TakeOutcome::kTaken) return false;
    held += cost;
    EXPECT_LE(held, newer.burst());
    return true;
  }

  void give_back(const TokenClock& clock, int64_t cost) {
    // Counted first: another thread may take them as soon as they are back.
    held -= cost;
    if (bucket.give_back(clock, clock.at(0), cost)) return;
    EXPECT_EQ(&clock, &older);
    EXPECT_TRUE(bucket.give_back(newer, newer.at(0), cost));
  }

  void expect_nothing_lost() {
    EXPECT_EQ(newer.available(newer.at(0), bucket.word()),
              newer.burst() - held);
  }

  const TokenClock older;
  const TokenClock newer;
  BasicTokenBucket<ScheduledAtomic> bucket;
  int64_t held = 0;
};

TEST(TokenBucketInterleaving, TakersShareTheBurstExactly) {
  const Explored explored = explore(
      [](Program& program) {
        auto world = std::make_shared<World>(10, 10, 3);
        for (const int64_t cost : {1, 2, 1}) {
          program.thread([=] { world->take(world->older, cost); });
        }
        program.at_end([=] {
          EXPECT_GE(world->held, 2);
          world->expect_nothing_lost();
        });
      },
      kLate);
  EXPECT_TRUE(explored.complete);
}

TEST(TokenBucketInterleaving, RefundsAreNeitherLostNorDoubled) {
  const Explored explored = explore(
      [](Program& program) {
        auto world = std::make_shared<World>(33, 33, 2);
        for (int i = 0; i < 2; ++i) {
          program.thread([=] {
            if (world->take(world->older, 2)) world->give_back(world->older, 1);
          });
        }
        program.thread([=] { world->take(world->older, 1); });
        program.at_end([=] { world->expect_nothing_lost(); });
      },
      kLate);
  EXPECT_TRUE(explored.complete);
}

// Threads under both plans, whose words are in different scales.
TEST(TokenBucketInterleaving, OldAndNewPlanShareTheBurst) {
  for (const double new_rate : {1e6, 1e-3, 33.0}) {
    const Explored explored = explore(
        [=](Program& program) {
          auto world = std::make_shared<World>(10, new_rate, 2);
          ASSERT_NE(world->older.units_per_token(),
                    world->newer.units_per_token());
          program.thread([=] {
            world->take(world->older, 1);
            if (world->take(world->older, 1)) world->give_back(world->older, 1);
          });
          program.thread([=] {
            if (world->take(world->newer, 2)) world->give_back(world->newer, 2);
          });
          program.at_end([=] { world->expect_nothing_lost(); });
        },
        kLate);
    EXPECT_TRUE(explored.complete);
  }
}

// A thread that finds a word stale also finds the newer clock that its writer
// used, so there is no third attempt.
TEST(TokenBucketInterleaving, AStaleWordLeadsToTheNewerClock) {
  const auto program_with = [](bool gives_back) {
    return [=](Program& program) {
      auto world = std::make_shared<World>(10, 1e6, 3);
      auto published =
          std::make_shared<ScheduledAtomic<const TokenClock*>>(&world->older);
      const auto newest = [=] {
        return published->load(std::memory_order_acquire);
      };
      if (gives_back) world->take(world->older, 1);
      program.thread([=] {
        // An operator, and then the first request under the new plan.
        published->store(&world->newer, std::memory_order_release);
      });
      program.thread([=] {
        const TokenClock& clock = *newest();
        world->bucket.take(clock, clock.at(0), 1);
      });
      program.thread([=] {
        const TokenClock* clock = newest();
        const auto is_stale = [&] {
          return gives_back
                     ? !world->bucket.give_back(*clock, clock->at(0), 1)
                     : world->bucket.take(*clock, clock->at(0), 1).outcome ==
                           TakeOutcome::kStale;
        };
        if (!is_stale()) return;
        clock = newest();
        EXPECT_EQ(clock, &world->newer);
        EXPECT_FALSE(is_stale());
      });
    };
  };
  for (const bool gives_back : {false, true}) {
    EXPECT_TRUE(explore(program_with(gives_back),
                        Bounds{testing::kAnyPreemptions, /*late_reads=*/2})
                    .complete);
  }
}

TEST(TokenBucketInterleaving, ThreeThreadsAcrossAChange) {
  const Explored explored = explore(
      [](Program& program) {
        auto world = std::make_shared<World>(10, 1e5, 3);
        program.thread([=] {
          if (world->take(world->older, 2)) world->give_back(world->older, 2);
        });
        program.thread([=] { world->take(world->older, 2); });
        program.thread([=] { world->take(world->newer, 1); });
        program.at_end([=] { world->expect_nothing_lost(); });
      },
      kLate);
  EXPECT_TRUE(explored.complete);
}

}  // namespace
}  // namespace weir
