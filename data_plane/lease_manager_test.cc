// Which keys have leases, and of how many tokens. For what leases do, see
// tests/lease_test.cc.

#include "weir/data_plane/lease_manager.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <numeric>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/base/thread_number.h"
#include "weir/data_plane/client.h"
#include "weir/data_plane/clients.h"
#include "weir/data_plane/key_lease.h"
#include "weir/data_plane/subscription.h"
#include "weir/enforcer/decision.h"
#include "weir/memory/arena.h"
#include "weir/memory/epoch.h"
#include "weir/plan/compiled_plan.h"
#include "weir/plan/plan_compiler.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/quota/calendar.h"
#include "weir/quota/counts.h"
#include "weir/quota/quota_terms.h"
#include "weir/tests/in_child.h"
#include "weir/throttle/token_bucket.h"
#include "weir/throttle/token_clock.h"

namespace weir::internal {

constexpr size_t kGuardBytes = size_t{1} << 16;
size_t guarded_bytes = 0;
void* guarded = nullptr;  // stays

namespace {

constexpr Day kDay = 9307;
constexpr Instant kNow{/*monotonic=*/1'000, /*unix=*/start_of(kDay) + 5};
constexpr uint32_t kStage = 1, kMethod = 2, kElsewhere = 3;

// Only threads that may have a lease have notes.
TEST(LeasesNotes, NoThreadNotesBesideItsPlace) {
  // A page of notes, between pages that none may touch.
  constexpr int kThreads = 16;
  const auto arena = *Arena::create(size_t{1} << 20, Arena::Pages::kSmall);
  Clients clients(*arena);
  Client& client = *clients.create("a-key", /*enabled=*/true);
  guarded_bytes = 4096;
  LeaseManager leases(*arena, clients.counts(), kThreads, 10, false);
  ASSERT_EQ(guarded_bytes, 0u) << "the notes are elsewhere";
  // More threads than there are numbers, all at once.
  std::atomic<int> begun{0};
  std::atomic<int> with{0}, without{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < ThreadNumber::kMax + 6; ++i) {
    threads.emplace_back([&] {
      const int number = ThreadNumber::mine();
      ++(number < 0 ? without : with);
      ++begun;
      while (begun < ThreadNumber::kMax + 6) std::this_thread::yield();
      const EpochDomain::Guard guard;
      leases.note_collision(client, client.first, 1);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(without, 6);
  EXPECT_GE(with, kThreads + 1);
  leases.maintain({1, 1});
  EXPECT_EQ(leases.open_leases(), 0u);
}

TEST(ThreadNumber, IsOneThreadsUntilItExits) {
  const int mine = ThreadNumber::mine();
  EXPECT_EQ(ThreadNumber::mine(), mine);
  const auto numbers_of = [](int threads) {
    std::vector<int> numbers(static_cast<size_t>(threads));
    std::atomic<int> begun{0};
    std::vector<std::thread> running;
    for (int& number : numbers) {
      running.emplace_back([&, threads] {
        number = ThreadNumber::mine();
        ++begun;
        while (begun < threads) std::this_thread::yield();
      });
    }
    for (std::thread& thread : running) thread.join();
    std::sort(numbers.begin(), numbers.end());
    return numbers;
  };
  // The lowest free numbers.
  std::vector<int> all(ThreadNumber::kMax);
  std::iota(all.begin(), all.end(), 0);
  all.erase(all.begin() + mine);
  const auto three = std::vector<int>(all.begin(), all.begin() + 3);
  EXPECT_EQ(numbers_of(3), three);
  all.insert(all.begin(), 2, ThreadNumber::kNone);
  EXPECT_EQ(numbers_of(ThreadNumber::kMax + 1), all);
  EXPECT_EQ(numbers_of(3), three);

  // In a child, the numbers of the parent's other threads are free.
  const uint64_t forks = ThreadNumber::forks();
  std::atomic<bool> has_number{false}, over{false};
  std::thread other([&] {
    EXPECT_EQ(ThreadNumber::mine(), three[0]);
    has_number = true;
    while (!over) std::this_thread::yield();
  });
  while (!has_number) std::this_thread::yield();
  EXPECT_EQ(numbers_of(1)[0], three[1]);
  EXPECT_EQ(in_child([&] {
              EXPECT_EQ(ThreadNumber::forks(), forks + 1);
              EXPECT_EQ(ThreadNumber::mine(), mine);
              EXPECT_EQ(numbers_of(3), three);
            }),
            0);
  EXPECT_EQ(ThreadNumber::forks(), forks);
  over = true;
  other.join();
}

// One thread notes collisions, and maintains.
class LeasesTest : public ::testing::Test {
 protected:
  static constexpr int kThreads = 4;
  static constexpr int64_t kTokens = 10;
  static constexpr int kEnough = 8;  // collisions

  void SetUp() override {
    slot_ = ThreadNumber::mine();
    ASSERT_GE(slot_, 0);
    ASSERT_LT(slot_, kThreads);
  }

  // A plan with one stage, by its burst; -1: without a throttle. The method has
  // a burst of its own unless it is -1.
  static v1::UsagePlan plan(int64_t burst, int64_t method_burst = -1,
                            int64_t quota = -1) {
    v1::UsagePlan plan;
    v1::ApiStage* stage = plan.add_api_stages();
    stage->set_api_id("api");
    stage->set_stage("prod");
    if (burst >= 0) plan.mutable_throttle()->set_burst_limit(burst);
    if (method_burst >= 0) {
      (*stage->mutable_throttle())["/pets/GET"].set_burst_limit(method_burst);
    }
    if (quota >= 0) {
      plan.mutable_quota()->set_limit(quota);
      plan.mutable_quota()->set_period(v1::DAY);
    }
    return plan;
  }
  const CompiledPlan* compile(const v1::UsagePlan& plan) {
    const RouteIds routes = {{{"api", "prod", ""}, kStage},
                             {{"api", "prod", "/pets/GET"}, kMethod}};
    PlanCompiler compiler;
    auto update = compiler.prepare(plan, {}, nullptr, routes, kNow.monotonic);
    EXPECT_TRUE(update.ok()) << update.status();
    PlanCompiler::Memory memory{
        arena_->allocate(compiler.compiled_bytes(*update)), {}};
    for (size_t i = compiler.throttle_count(*update); i > 0; --i) {
      memory.throttles.push_back(
          arena_->allocate(PlanCompiler::kThrottleBytes));
    }
    std::vector<const CompiledThrottle*> unused;
    return compiler.compile(*std::move(update), memory, &unused);
  }

  // A new key under such a plan.
  struct Key {
    PlanCell& cell;
    Client& client;
  };
  Key key(const v1::UsagePlan& plan) {
    auto& cell =
        *new (arena_->allocate(sizeof(PlanCell))) PlanCell{compile(plan)};
    Client& client = *clients_.create("key-" + std::to_string(clients_.size()),
                                      /*enabled=*/true);
    Subscription& subscription = **clients_.prepare(
        client, CountsCopy::at_start(kDay, QuotaCalendar::daily()), 1);
    clients_.publish(client, subscription, cell);
    return {cell, client};
  }

  void collide(const Key& key, LeaseManager& leases, uint32_t route = kStage,
               int times = kEnough) {
    for (int i = 0; i < times; ++i) {
      const EpochDomain::Guard guard;
      leases.note_collision(key.client, key.client.first, route);
    }
  }
  void collide(const Key& key) { collide(key, leases_); }
  // The tokens that a lease has for each thread; 0: there is no lease.
  int64_t tokens(const Key& key, uint32_t route = kStage,
                 bool both_throttles = false) {
    LeaseManager leases(*arena_, clients_.counts(), kThreads, kTokens,
                        both_throttles);
    collide(key, leases, route);
    leases.maintain(kNow);
    const EpochDomain::Guard guard;
    const KeyLease* const lease = leases.find(key.client);
    if (lease == nullptr) return 0;
    EXPECT_EQ(lease->reserve(), lease->tokens()) << "one slot is announced";
    EXPECT_EQ(lease->route(), route);
    return lease->tokens();
  }
  bool has_lease(const Key& key) {
    const EpochDomain::Guard guard;
    return leases_.find(key.client) != nullptr;
  }
  KeyLease& lease(const Key& key) { return *leases_.find(key.client); }
  void fill(const Key& key, Instant now = kNow) {
    EXPECT_EQ(lease(key).wants(slot_, kStage, now), KeyLease::Wants::kFirst);
    EXPECT_TRUE(lease(key).fill(slot_, kTokens, now, Decision()));
  }

  int slot_ = -1;
  const std::unique_ptr<Arena> arena_ =
      *Arena::create(size_t{16} << 20, Arena::Pages::kSmall);
  Clients clients_{*arena_};
  LeaseManager leases_{*arena_, clients_.counts(), kThreads, kTokens,
                       /*both_throttles=*/false};
};

TEST_F(LeasesTest, TakeASixteenthOfTheBurstForEachThread) {
  // There are four threads; all together have a quarter.
  EXPECT_EQ(tokens(key(plan(1'000'000))), kTokens);
  EXPECT_EQ(tokens(key(plan(160))), 10);
  EXPECT_EQ(tokens(key(plan(159))), 9);
  EXPECT_EQ(tokens(key(plan(32))), 2);
  EXPECT_EQ(tokens(key(plan(31))), 0) << "one token is not worth it";
  EXPECT_EQ(tokens(key(plan(-1))), kTokens);
}

TEST_F(LeasesTest, TakeA32ndOfWhatRemainsOfTheQuota) {
  EXPECT_EQ(tokens(key(plan(-1, -1, 320))), 10);
  EXPECT_EQ(tokens(key(plan(-1, -1, 319))), 9);
  EXPECT_EQ(tokens(key(plan(160, -1, 64))), 2);
  EXPECT_EQ(tokens(key(plan(160, -1, 63))), 0);
  EXPECT_EQ(tokens(key(plan(48, -1, 320))), 3);
  const Key used = key(plan(-1, -1, 320));
  Counts& counts = used.client.first.own_counts;
  counts.quota.take({QuotaCalendar::daily(), 320, 0}, kDay, 128, counts.log,
                    *arena_);
  EXPECT_EQ(tokens(used), 6);
}

TEST_F(LeasesTest, AreForBucketsThatAreHalfFull) {
  const v1::UsagePlan limits = plan(160);
  const Key key = this->key(limits);
  const TokenClock& clock = key.cell.plan.load()->throttle()->clock;
  const auto take = [&](int64_t n) {
    EXPECT_EQ(key.client.first.bucket.take(clock, clock.at(kNow.monotonic), n)
                  .outcome,
              TakeOutcome::kTaken);
  };
  take(80);
  EXPECT_EQ(tokens(key), 10);
  take(1);
  EXPECT_EQ(tokens(key), 0);
}

TEST_F(LeasesTest, AreOfTheThrottlesThatGovernTheRoute) {
  const v1::UsagePlan limits = plan(160, 48);
  EXPECT_EQ(tokens(key(limits), kStage), 10);
  EXPECT_EQ(tokens(key(limits), kMethod), 3);
  EXPECT_EQ(tokens(key(plan(48, 160)), kMethod), 10);
  EXPECT_EQ(tokens(key(limits), kMethod, /*both_throttles=*/true), 3);
  EXPECT_EQ(tokens(key(plan(48, 160)), kMethod, /*both_throttles=*/true), 3);
  EXPECT_EQ(tokens(key(limits), kElsewhere), 0) << "no plan covers it";
  // Takers ask a lease which buckets its tokens come from.
  const Key both = key(limits);
  for (const bool both_throttles : {false, true}) {
    LeaseManager leases(*arena_, clients_.counts(), kThreads, kTokens,
                        both_throttles);
    collide(both, leases, kMethod);
    leases.maintain(kNow);
    const EpochDomain::Guard guard;
    const KeyLease& lease = *leases.find(both.client);
    EXPECT_TRUE(lease.holds(both.client.first.methods.find_or_add(0, *arena_)));
    EXPECT_EQ(lease.holds(&both.client.first.bucket), both_throttles);
  }
}

TEST_F(LeasesTest, BeginWithEnoughCollisionsOfOneRoute) {
  const Key key = this->key(plan(160));
  collide(key, leases_, kStage, kEnough - 1);
  leases_.maintain(kNow);
  EXPECT_FALSE(has_lease(key));
  // They must come between two calls.
  collide(key, leases_, kStage, kEnough - 1);
  leases_.maintain(kNow);
  EXPECT_FALSE(has_lease(key));
  for (int i = 0; i < kEnough; ++i) {
    collide(key, leases_, kStage, kEnough - 1);
    collide(key, leases_, kMethod, kEnough - 1);
  }
  leases_.maintain(kNow);
  EXPECT_FALSE(has_lease(key));
  collide(key, leases_, kMethod, kEnough);
  leases_.maintain(kNow);
  ASSERT_TRUE(has_lease(key));
  // Another route has to wait.
  EXPECT_EQ(lease(key).route(), kMethod);
  collide(key, leases_, kStage, kEnough);
  leases_.maintain(kNow);
  EXPECT_EQ(lease(key).route(), kMethod);
}

// Whichever places the keys have, each thread that collides has its own slot.
TEST_F(LeasesTest, HaveASlotForEachThreadThatCollides) {
  std::vector<Key> keys;
  for (int i = 0; i < 16; ++i) keys.push_back(key(plan(160)));
  for (const Key& key : keys) {
    LeaseManager leases(*arena_, clients_.counts(), kThreads, kTokens,
                        /*both_throttles=*/false);
    std::atomic<int> begun{0};
    std::vector<std::thread> threads;
    std::atomic<unsigned> numbers{0};
    for (int i = 1; i < kThreads; ++i) {
      threads.emplace_back([&] {
        numbers |= 1u << ThreadNumber::mine();
        ++begun;
        while (begun < kThreads - 1) std::this_thread::yield();
        // All but one.
        if (ThreadNumber::mine() != 2) collide(key, leases);
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(numbers | 1u << slot_, (1u << kThreads) - 1);
    leases.maintain(kNow);
    const EpochDomain::Guard guard;
    const KeyLease* const lease = leases.find(key.client);
    ASSERT_NE(lease, nullptr);
    for (int i = 0; i < kThreads; ++i) {
      EXPECT_EQ(lease->wants(i, kStage, kNow), i != 2 && i != slot_
                                                   ? KeyLease::Wants::kFirst
                                                   : KeyLease::Wants::kNothing)
          << i;
    }
  }
}

TEST_F(LeasesTest, BeginForWhatIsThereStill) {
  const Key left = key(plan(160)), deleted = key(plan(160));
  collide(left);
  clients_.unsubscribe(left.client, left.client.first);
  leases_.maintain(kNow);
  EXPECT_FALSE(has_lease(left));
  collide(deleted);
  clients_.unsubscribe(deleted.client, deleted.client.first);
  clients_.remove(deleted.client);
  leases_.maintain(kNow);
  EXPECT_FALSE(has_lease(deleted));
  // Nor for the client that has taken its place.
  for (int i = 0; i < 4; ++i) arena_->collect();
  const Key next = key(plan(160));
  leases_.maintain(kNow);
  EXPECT_FALSE(has_lease(next));
}

TEST_F(LeasesTest, EndWhenTwoCallsFoundNoFill) {
  const Key key = this->key(plan(160));
  const size_t used = arena_->used();
  collide(key);
  leases_.maintain(kNow);
  EXPECT_EQ(leases_.open_leases(), 0u) << "it has no tokens yet";
  fill(key);
  EXPECT_EQ(leases_.open_leases(), 1u);
  leases_.maintain(kNow);  // finds the fill
  for (int i = 0; i < 3; ++i) {
    leases_.maintain(kNow);
    ASSERT_TRUE(has_lease(key)) << i;
    EXPECT_EQ(leases_.open_leases(), 1u);
    Decision decision;
    for (int64_t j = 0; j < kTokens; ++j) {
      EXPECT_TRUE(lease(key).spend(slot_, kStage, kNow, decision));
    }
    EXPECT_FALSE(lease(key).spend(slot_, kStage, kNow, decision));
    EXPECT_EQ(lease(key).wants(slot_, kStage, kNow), KeyLease::Wants::kMore);
    ASSERT_TRUE(lease(key).fill(slot_, kTokens, kNow, Decision()));
    leases_.maintain(kNow);
  }
  leases_.maintain(kNow);
  EXPECT_TRUE(has_lease(key));
  leases_.maintain(kNow);
  EXPECT_FALSE(has_lease(key));
  EXPECT_EQ(leases_.open_leases(), 0u);
  // Its memory is free again, and another lease may begin.
  for (int i = 0; i < 3; ++i) arena_->collect();
  EXPECT_EQ(arena_->used(), used);
  collide(key);
  leases_.maintain(kNow);
  EXPECT_TRUE(has_lease(key));
}

TEST_F(LeasesTest, EndWithoutAFillTwoCallsAfterTheyAreReady) {
  const Key key = this->key(plan(160));
  collide(key);
  leases_.maintain(kNow);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(has_lease(key)) << i;
    leases_.maintain(kNow);
  }
  EXPECT_FALSE(has_lease(key));
}

TEST_F(LeasesTest, AreNoMoreThanSixtyFour) {
  std::vector<Key> leased;
  const auto refill = [&] {
    for (const Key& key : leased) {
      Decision decision;
      KeyLease& lease = this->lease(key);
      while (lease.spend(slot_, kStage, kNow, decision)) {
      }
      EXPECT_TRUE(lease.fill(slot_, kTokens, kNow, Decision()));
    }
  };
  // Two keys may want the same place; then the first gets it.
  for (int i = 0; i < 400; ++i) {
    const Key key = this->key(plan(160));
    collide(key);
    leases_.maintain(kNow);
    refill();
    if (!has_lease(key)) continue;
    leased.push_back(key);
    fill(key);
  }
  EXPECT_EQ(leased.size(), 64u);
  EXPECT_EQ(leases_.open_leases(), 64u);
}

TEST_F(LeasesTest, EndASecondBeforeTheirDayDoes) {
  const Instant last{kNow.monotonic, start_of(kDay + 1) - 1'000'000'001};
  const Key key = this->key(plan(160));
  collide(key);
  leases_.maintain(last);
  ASSERT_TRUE(has_lease(key));
  fill(key, last);
  leases_.maintain(last);
  EXPECT_TRUE(has_lease(key));
  leases_.maintain({last.monotonic, last.unix_ns + 1});
  EXPECT_FALSE(has_lease(key));
  collide(key);
  leases_.maintain({last.monotonic, last.unix_ns + 1});
  EXPECT_EQ(leases_.open_leases(), 0u);
  EXPECT_TRUE(!has_lease(key) || lease(key).reserve() == 0);
}

TEST_F(LeasesTest, EndWithTheirPlanAndTheirSubscription) {
  for (const bool with_plan : {true, false}) {
    const Key ended = key(plan(160)), other = key(plan(160));
    collide(ended);
    leases_.maintain(kNow);
    collide(other);
    leases_.maintain(kNow);
    ASSERT_TRUE(has_lease(ended) && has_lease(other));
    fill(ended);
    if (with_plan) {
      leases_.end(ended.cell);
    } else {
      leases_.end(ended.client.first);
    }
    EXPECT_FALSE(lease(ended).is_open(slot_));
    EXPECT_EQ(lease(ended).reserve(), 0);
    EXPECT_GT(lease(other).reserve(), 0);
    // What collided before does not open it again.
    collide(ended);
    leases_.maintain(kNow);
    EXPECT_FALSE(has_lease(ended) && lease(ended).is_open(slot_));
  }
}

}  // namespace
}  // namespace weir::internal

// Allocates an aligned array. The next one of `guarded_bytes`, whole pages, has
// no accessible memory next to it.
void* operator new[](size_t bytes, std::align_val_t alignment) {
  if (bytes == 0 || bytes != weir::internal::guarded_bytes) {
    return operator new(bytes, alignment);
  }
  weir::internal::guarded_bytes = 0;
  auto* memory = static_cast<char*>(
      mmap(nullptr, bytes + 2 * weir::internal::kGuardBytes, PROT_NONE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  mprotect(memory + weir::internal::kGuardBytes, bytes, PROT_READ | PROT_WRITE);
  return weir::internal::guarded = memory + weir::internal::kGuardBytes;
}
void operator delete[](void* memory, std::align_val_t alignment) noexcept {
  if (memory != weir::internal::guarded) operator delete(memory, alignment);
}
