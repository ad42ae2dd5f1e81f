// One key's bucket, its count and its lease under many schedules of small
// programs: tokens are neither lost nor created, and none is withheld.
// WEIR_TEST_RUNS is the number of schedules, where not all with one
// interruption of a thread are run.

#include <array>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/data_plane/lease.h"
#include "weir/enforcer/decision.h"
#include "weir/tests/interleaving/interleaving.h"
#include "weir/throttle/token_bucket.h"
#include "weir/throttle/token_clock.h"

namespace weir::internal {
namespace {

using ::weir::testing::Bounds;
using ::weir::testing::explore;
using ::weir::testing::explore_random;
using ::weir::testing::Program;
using ::weir::testing::ScheduledAtomic;

constexpr uint32_t kRoute = 1;
constexpr int64_t kUntil = 1'000;
constexpr int kThreads = 3;

// Time stands still, so that what is admitted is counted against one burst.
class World {
 public:
  using Lease = BasicLease<ScheduledAtomic>;

  // For a program with this many other threads.
  World(int64_t burst, int64_t tokens, int64_t others)
      : others_(others),
        clock_(TokenClock::create(0, burst, 0).value()),
        lease_(slots_, kThreads, tokens, kRoute, kUntil) {}

  // A request of a thread, as in `decide_beside_leases()`.
  void admit(int thread) {
    inside_[thread].store(1);
    testing::scheduled_fence(std::memory_order_seq_cst);
    if (decide(thread)) {
      ++admitted_;
      EXPECT_LE(admitted_, clock_.burst());
    } else {
      // What the other threads may hold for the length of a call.
      EXPECT_LE(clock_.burst() - admitted_, others_ * (lease_.tokens() + 1));
    }
    inside_[thread].store(0);
  }

  // For the control plane. make_ready() first checks that every thread has
  // left.
  void announce(int thread) { lease_.announce(thread); }
  void make_ready(int thread) {
    testing::scheduled_fence(std::memory_order_seq_cst);
    for (auto& inside : inside_) {
      if (inside.load() != 0) return;
    }
    lease_.make_ready(thread);
  }

  void open(int thread) {
    announce(thread);
    make_ready(thread);
  }

  bool close_all() {
    bool closed = false;
    for (int i = 0; i < kThreads; ++i) {
      closed |=
          lease_.close(i, [this](int64_t spent, int64_t unspent, int64_t) {
            for (;;) {
              const uint64_t seen = bucket_.word();
              if (bucket_.charge(seen, clock_, clock_.at(0), spent)) break;
            }
            counted_.fetch_sub(unspent);
          });
    }
    return closed;
  }

  // Takes what is left, and checks that nothing is missing.
  void expect_exact() {
    close_all();
    EXPECT_EQ(lease_.reserve(), 0);
    EXPECT_EQ(counted_.load(), admitted_);
    while (decide(0)) ++admitted_;
    EXPECT_EQ(admitted_, clock_.burst());
  }

  int64_t admitted() const { return admitted_; }

 private:
  bool decide(int thread) {
    const Instant now;
    Decision decision;
    if (lease_.spend(thread, kRoute, now, decision)) return true;
    for (;;) {
      const int64_t reserve = lease_.reserve();
      const Lease::Wants wants = lease_.wants(thread, kRoute, now);
      if (wants == Lease::Wants::kMore && take(lease_.tokens(), reserve)) {
        const int64_t rest = lease_.tokens() - 1;
        if (!lease_.fill(thread, rest, now, decision)) {
          EXPECT_TRUE(bucket_.give_back(clock_, clock_.at(0), rest));
          counted_.fetch_sub(rest);
        }
        return true;
      }
      if (take(1, reserve)) {
        if (wants == Lease::Wants::kFirst) {
          counted_.fetch_add(lease_.tokens());
          if (!lease_.fill(thread, lease_.tokens(), now, decision)) {
            counted_.fetch_sub(lease_.tokens());
          }
        }
        return true;
      }
      if (reserve == 0) return false;
      if (!close_all() && lease_.reserve() == reserve) return false;
    }
  }

  bool take(int64_t cost, int64_t reserve) {
    const Take take = bucket_.take(clock_, clock_.at(0), cost, reserve);
    if (take.outcome != TakeOutcome::kTaken) return false;
    counted_.fetch_add(cost);
    return true;
  }

  const int64_t others_;
  const TokenClock clock_;
  Lease::Slot slots_[kThreads];
  Lease lease_;
  BasicTokenBucket<ScheduledAtomic> bucket_;
  ScheduledAtomic<int64_t> counted_{0};  // stands for the quota's counter
  ScheduledAtomic<int> inside_[kThreads];
  int64_t admitted_ = 0;
};

int64_t from_environment(const char* name, int64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoll(text);
}

void search(const std::function<void(Program&)>& build) {
  const int64_t seed = from_environment("WEIR_TEST_SEED", 20'260'101);
  SCOPED_TRACE("WEIR_TEST_SEED=" + std::to_string(seed));
  explore_random(build, seed, from_environment("WEIR_TEST_RUNS", 150));
  for (const Bounds bounds : {Bounds{1, /*late_reads=*/0}, Bounds{0, 1}}) {
    EXPECT_TRUE(explore(build, bounds).complete);
  }
}

TEST(LeaseInterleaving, OpensBesideATaker) {
  search([](Program& program) {
    auto world = std::make_shared<World>(4, 2, 1);
    program.thread([=] { world->admit(0); });
    program.thread([=] {
      world->open(1);
      for (int i = 0; i < 3; ++i) world->admit(1);
    });
    program.at_end([=] {
      EXPECT_EQ(world->admitted(), 4);
      world->expect_exact();
    });
  });
}

// The owner must not spend tokens that a taker who does not know of the reserve
// takes as well.
TEST(LeaseInterleaving, WaitsForThoseWhoDoNotKnow) {
  search([](Program& program) {
    auto world = std::make_shared<World>(3, 2, 2);
    program.thread([=] {
      for (int i = 0; i < 2; ++i) world->admit(0);
    });
    program.thread([=] { world->open(1); });
    program.thread([=] {
      for (int i = 0; i < 2; ++i) world->admit(1);
    });
    program.at_end([=] { world->expect_exact(); });
  });
}

TEST(LeaseInterleaving, IsClosedWhileItIsUsed) {
  for (const int already : {0, 1, 2, 3}) {
    search([=](Program& program) {
      auto world = std::make_shared<World>(6, 2, 1);
      world->open(0);
      for (int i = 0; i < already; ++i) world->admit(0);
      program.thread([=] {
        for (int i = 0; i < 2; ++i) world->admit(0);
      });
      program.thread([=] { world->close_all(); });
      program.at_end([=] { world->expect_exact(); });
    });
  }
}

// Two threads find the bucket empty, and close each other's slots.
TEST(LeaseInterleaving, LastTokensAreNeitherLostNorDoubled) {
  for (const int already : {1, 2, 3, 4}) {
    search([=](Program& program) {
      auto world = std::make_shared<World>(6, 2, 1);
      for (int thread : {0, 1}) world->open(thread);
      for (int thread : {0, 1}) world->admit(thread);
      for (int i = 1; i < already; ++i) world->admit(0);
      for (const int thread : {0, 1}) {
        program.thread([=] {
          for (int i = 0; i < 3; ++i) world->admit(thread);
        });
      }
      program.at_end([=] { world->expect_exact(); });
    });
  }
}

TEST(LeaseInterleaving, TwoCloseWhileAnotherTakes) {
  search([](Program& program) {
    auto world = std::make_shared<World>(5, 2, 2);
    for (int thread : {0, 1}) world->open(thread);
    for (int thread : {0, 1, 0}) world->admit(thread);
    program.thread([=] { world->close_all(); });
    program.thread([=] { world->close_all(); });
    program.thread([=] { world->admit(2); });
    program.at_end([=] { world->expect_exact(); });
  });
}

// What was spent is charged to the bucket as of the time of the last spend.
TEST(LeaseInterleaving, WhoClosesASlotKnowsWhenItsTokensWereSpent) {
  using Lease = BasicLease<ScheduledAtomic>;
  const auto at = [](int64_t monotonic) { return Instant{monotonic, 0}; };
  const auto run = [&](int tokens_before, int64_t last_before,
                       const std::function<void(Lease&)>& owner,
                       const std::function<int64_t(int64_t)>& last_of_spent) {
    const auto explored = explore(
        [&](Program& program) {
          auto slots = std::make_shared<std::array<Lease::Slot, 1>>();
          auto lease = std::make_shared<Lease>(slots->data(), 1, /*tokens=*/2,
                                               kRoute, kUntil);
          lease->announce(0);
          lease->make_ready(0);
          lease->fill(0, tokens_before, at(last_before), Decision());
          program.thread([=] { owner(*lease); });
          program.thread([=, keep = slots] {
            lease->close(0, [&](int64_t spent, int64_t, int64_t last) {
              EXPECT_GE(last, last_of_spent(spent));
            });
          });
        },
        Bounds{testing::kAnyPreemptions, /*late_reads=*/2});
    EXPECT_TRUE(explored.complete);
  };
  run(
      2, 1,
      [&](Lease& lease) {
        Decision decision;
        lease.spend(0, kRoute, at(5), decision);
        lease.spend(0, kRoute, at(9), decision);
      },
      [](int64_t spent) { return spent == 0   ? 1
                                 : spent == 1 ? 5
                                              : 9; });
  run(
      0, 1, [&](Lease& lease) { lease.fill(0, 1, at(12), Decision()); },
      [](int64_t spent) { return spent == 2 ? 1 : 12; });
}

TEST(LeaseInterleaving, EverythingAtOnce) {
  search([](Program& program) {
    auto world = std::make_shared<World>(8, 2, 3);
    world->open(0);
    for (int thread = 0; thread < kThreads; ++thread) {
      program.thread([=] {
        for (int i = 0; i < 3; ++i) world->admit(thread);
      });
    }
    program.thread([=] {
      for (const int thread : {1, 0, 2}) {
        world->announce(thread);
        world->make_ready(thread);
      }
      world->close_all();
      for (int thread = 0; thread < kThreads; ++thread) world->open(thread);
    });
    program.at_end([=] { world->expect_exact(); });
  });
}

}  // namespace
}  // namespace weir::internal
