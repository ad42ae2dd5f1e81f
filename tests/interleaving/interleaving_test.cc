#include "weir/tests/interleaving/interleaving.h"

#include <cstdint>
#include <memory>
#include <set>

#include "gtest/gtest-spi.h"
#include "gtest/gtest.h"

namespace weir::testing {
namespace {

// Adds `threads` threads that each make `accesses` accesses.
void add_accesses(Program& program, int threads, int accesses) {
  auto word = std::make_shared<ScheduledAtomic<int>>(0);
  for (int i = 0; i < threads; ++i) {
    program.thread([=] {
      for (int j = 0; j < accesses; ++j) word->fetch_add(1);
    });
  }
  program.at_end([=] { EXPECT_EQ(word->load(), threads * accesses); });
}

// Counts with a load and a store: an update between the two is lost.
void lose_updates(Program& program) {
  auto word = std::make_shared<ScheduledAtomic<int>>(0);
  for (int i = 0; i < 2; ++i) {
    program.thread([=] { word->store(word->load() + 1); });
  }
  program.at_end([=] { EXPECT_EQ(word->load(), 2); });
}

TEST(Explore, RunsEachScheduleOnce) {
  struct {
    int threads, accesses;
    int64_t schedules;  // (threads * accesses)! / (accesses!) ^ threads
  } const cases[] = {{1, 3, 1},  {2, 1, 2}, {2, 2, 6},
                     {2, 3, 20}, {3, 1, 6}, {3, 2, 90}};
  for (const auto& c : cases) {
    const Explored explored = explore([&](Program& program) {
      add_accesses(program, c.threads, c.accesses);
    });
    EXPECT_EQ(explored.schedules, c.schedules)
        << c.threads << " threads, " << c.accesses << " accesses";
    EXPECT_TRUE(explored.complete);
  }
}

TEST(Explore, SeesEveryOutcome) {
  std::set<int> outcomes;
  explore([&](Program& program) {
    auto word = std::make_shared<ScheduledAtomic<int>>(0);
    for (int i = 0; i < 2; ++i) {
      program.thread([=] { word->store(word->load() + 1); });
    }
    program.at_end([&outcomes, word] { outcomes.insert(word->load()); });
  });
  EXPECT_EQ(outcomes, (std::set<int>{1, 2}));
}

TEST(Explore, StopsAtALostUpdateAndPrintsItsSchedule) {
  static Explored explored;
  EXPECT_NONFATAL_FAILURE_ON_ALL_THREADS(explored = explore(lose_updates),
                                         "under the schedule: 0 1 1 0");
  EXPECT_FALSE(explored.complete);
  EXPECT_EQ(explored.schedules, 2);
}

TEST(Explore, InterruptsNoMoreThreadsThanItMay) {
  const auto schedules = [](int threads, int accesses, int max_preemptions) {
    const Explored explored = explore(
        [&](Program& program) { add_accesses(program, threads, accesses); },
        1000, max_preemptions);
    EXPECT_TRUE(explored.complete);
    return explored.schedules;
  };
  EXPECT_EQ(schedules(2, 3, 0), 2);  // one thread after the other
  EXPECT_EQ(schedules(3, 3, 0), 6);
  // Either thread first, whole or interrupted after its first or second access.
  EXPECT_EQ(schedules(2, 3, 1), 2 * 3);
  EXPECT_EQ(schedules(2, 3, kAnyPreemptions), 20);

  EXPECT_TRUE(explore(lose_updates, 1000, 0).complete);
  EXPECT_NONFATAL_FAILURE_ON_ALL_THREADS(explore(lose_updates, 1000, 1),
                                         "under the schedule");
}

TEST(Explore, ReportsFailuresWithinThreads) {
  EXPECT_NONFATAL_FAILURE_ON_ALL_THREADS(
      explore([](Program& program) {
        program.thread([] { EXPECT_TRUE(false) << "in a thread"; });
      }),
      "in a thread");
}

TEST(Explore, ObeysItsLimit) {
  const Explored explored =
      explore([](Program& program) { add_accesses(program, 3, 4); }, 100);
  EXPECT_EQ(explored.schedules, 100);
  EXPECT_FALSE(explored.complete);
}

TEST(Explore, FollowsCompareExchangeLoops) {
  const Explored explored = explore([](Program& program) {
    auto word = std::make_shared<ScheduledAtomic<int>>(0);
    for (int i = 0; i < 3; ++i) {
      program.thread([=] {
        int old = word->load();
        while (!word->compare_exchange_weak(old, old + 1)) {
        }
      });
    }
    program.at_end([=] { EXPECT_EQ(word->load(), 3); });
  });
  EXPECT_TRUE(explored.complete);
}

TEST(Explore, RunsAProgramWithoutThreads) {
  int checks = 0;
  const Explored explored =
      explore([&](Program& program) { program.at_end([&] { ++checks; }); });
  EXPECT_EQ(explored.schedules, 1);
  EXPECT_EQ(checks, 1);
}

TEST(ExploreRandom, FindsALostUpdate) {
  EXPECT_NONFATAL_FAILURE_ON_ALL_THREADS(
      explore_random(lose_updates, /*seed=*/1, /*runs=*/100),
      "under the schedule: ");
}

TEST(ExploreRandom, MakesAsManyRunsAsAsked) {
  int builds = 0;
  const Explored explored = explore_random(
      [&](Program& program) {
        ++builds;
        add_accesses(program, 3, 3);
      },
      /*seed=*/1, /*runs=*/50);
  EXPECT_EQ(explored.schedules, 50);
  EXPECT_EQ(builds, 50);
}

TEST(ScheduledAtomic, BehavesAsAnAtomicOutsideOfPrograms) {
  ScheduledAtomic<uint32_t> word;
  EXPECT_EQ(word.load(), 0u);
  word.store(6, std::memory_order_release);
  EXPECT_EQ(word.exchange(12), 6u);
  EXPECT_EQ(word.fetch_add(3), 12u);
  EXPECT_EQ(word.fetch_sub(1), 15u);
  EXPECT_EQ(word.fetch_and(6), 14u);
  EXPECT_EQ(word.fetch_or(1), 6u);
  EXPECT_EQ(word.fetch_xor(5), 7u);
  uint32_t expected = 3;
  EXPECT_FALSE(word.compare_exchange_strong(expected, 9));
  EXPECT_EQ(expected, 2u);
  EXPECT_TRUE(word.compare_exchange_weak(expected, 9, std::memory_order_acq_rel,
                                         std::memory_order_relaxed));
  EXPECT_EQ(static_cast<uint32_t>(word), 9u);
  word = 4;
  EXPECT_EQ(word.load(), 4u);
}

}  // namespace
}  // namespace weir::testing
