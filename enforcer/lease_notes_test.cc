#include <cstdlib>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "enforcer/arena.h"
#include "enforcer/client.h"
#include "enforcer/clients.h"
#include "enforcer/clock.h"
#include "enforcer/key_lease.h"
#include "enforcer/leases.h"
#include "enforcer/subscription.h"
#include "enforcer/thread_number.h"
#include "gtest/gtest.h"
#include "plan/compiled_plan.h"
#include "plan/plan_compiler.h"
#include "plan/validation.h"
#include "proto/usage_plan.pb.h"
#include "quota/calendar.h"
#include "quota/counts.h"

namespace weir {
namespace {

constexpr Instant kNow{/*monotonic=*/0, /*unix=*/20'000 * kNanosPerDay};
constexpr uint32_t kRoute = 1;
constexpr uint32_t kOtherRoute = 2;
constexpr uint32_t kRouteOfNoPlan = 3;

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

// Which of the collisions that threads note begin leases. tests/lease_test
// checks that leases admit what they should.
class LeaseNotesTest : public ::testing::Test {
 protected:
  LeaseNotesTest() {
    v1::UsagePlan plan;
    plan.mutable_throttle()->set_rate_limit(1000);
    plan.mutable_throttle()->set_burst_limit(1000);
    publish(plan, cell_);
    plan.clear_throttle();
    publish(plan, unthrottled_);
  }

  void publish(v1::UsagePlan plan, PlanCell& cell) {
    v1::ApiStage* stage = plan.add_api_stages();
    stage->set_api_id("api");
    stage->set_stage("prod");
    const RouteIds routes = {{{"api", "prod", "/pets/GET"}, kRoute},
                             {{"api", "prod", "/dogs/GET"}, kOtherRoute},
                             {{"api", "test", "/pets/GET"}, kRouteOfNoPlan}};
    PlanCompiler compiler;
    auto update = compiler.prepare(plan, {}, nullptr, routes, kNow.monotonic);
    ASSERT_TRUE(update.ok()) << update.status();
    const size_t bytes = (compiler.compiled_bytes(*update) + 63) / 64 * 64;
    memory_.emplace_back(std::aligned_alloc(64, bytes));
    std::vector<const CompiledThrottle*> unused;
    cell.plan = compiler.compile(*std::move(update), {memory_.back().get(), {}},
                                 &unused);
  }
  Subscription& subscribe(Client& client, const PlanCell& cell) {
    Subscription& subscription = **clients_.prepare(
        client, CountsCopy::at_start(20'000 - 10'957, QuotaCalendar()), 0);
    clients_.publish(client, subscription, cell);
    return subscription;
  }
  void collide(const Client& client, const Subscription& subscription,
               uint32_t route = kRoute, int times = 8) {
    for (int i = 0; i < times; ++i) {
      leases_.note_collision(client, subscription, route);
    }
  }
  // Returns whether there is a lease now.
  bool maintain(const Client& client) {
    leases_.maintain(kNow);
    return leases_.find(client) != nullptr;
  }

  const std::unique_ptr<Arena> arena_ = *Arena::create(size_t{1} << 22);
  Clients clients_{*arena_};
  Leases leases_{*arena_, clients_.counts(), /*threads=*/2, /*tokens=*/16,
                 /*both_throttles=*/false};
  std::vector<std::unique_ptr<void, Free>> memory_;
  PlanCell cell_ = {};
  PlanCell unthrottled_ = {};
  Client& client_ = *clients_.create("a", /*enabled=*/true);
};

TEST_F(LeaseNotesTest, BeginsForAKeyWhoseThreadsCollideOften) {
  const Subscription& subscription = subscribe(client_, cell_);
  EXPECT_FALSE(maintain(client_));
  collide(client_, subscription, kRoute, 7);
  EXPECT_FALSE(maintain(client_));
  // They must be on one route.
  collide(client_, subscription, kRoute, 7);
  collide(client_, subscription, kOtherRoute, 7);
  EXPECT_FALSE(maintain(client_));
  collide(client_, subscription);
  EXPECT_TRUE(maintain(client_));
  EXPECT_EQ(leases_.find(client_)->route(), kRoute);
}

TEST_F(LeaseNotesTest, BeginsUnderAPlanWithoutAThrottle) {
  collide(client_, subscribe(client_, unthrottled_));
  EXPECT_TRUE(maintain(client_));
}

TEST_F(LeaseNotesTest, ThePlanMayNotCoverTheRouteAnyMore) {
  collide(client_, subscribe(client_, cell_), kRouteOfNoPlan);
  EXPECT_FALSE(maintain(client_));
}

TEST_F(LeaseNotesTest, TheKeyMayBeGone) {
  collide(client_, subscribe(client_, cell_));
  clients_.remove(client_);
  EXPECT_FALSE(maintain(client_));
}

TEST_F(LeaseNotesTest, TheAssociationMayHaveEnded) {
  Subscription& first = subscribe(client_, cell_);
  Subscription& second = subscribe(client_, cell_);
  collide(client_, second);
  clients_.unsubscribe(client_, second);
  EXPECT_FALSE(maintain(client_));
  collide(client_, first);
  clients_.unsubscribe(client_, first);
  EXPECT_FALSE(maintain(client_));
}

TEST_F(LeaseNotesTest, IsOneForAKeyUntilItEnds) {
  Subscription& first = subscribe(client_, cell_);
  Subscription& second = subscribe(client_, cell_);
  collide(client_, first);
  EXPECT_TRUE(maintain(client_));
  const KeyLease* lease = leases_.find(client_);
  int64_t reserve = lease->reserve();
  std::thread([&] { collide(client_, second); }).join();
  EXPECT_TRUE(maintain(client_));
  EXPECT_EQ(lease->subscription(), &first);
  EXPECT_EQ(lease->reserve(), reserve);
  // The end of another plan or of another association does not matter.
  leases_.end(unthrottled_);
  leases_.end(second);
  EXPECT_GT(lease->reserve(), 0);
  leases_.end(cell_);
  EXPECT_EQ(lease->reserve(), 0);
  EXPECT_FALSE(maintain(client_));
  collide(client_, second, kOtherRoute);
  EXPECT_TRUE(maintain(client_));
  EXPECT_EQ(leases_.find(client_)->subscription(), &second);
  // Another thread's slot is also for the lease's route.
  lease = leases_.find(client_);
  reserve = lease->reserve();
  std::thread([&] { collide(client_, second, kRoute); }).join();
  EXPECT_TRUE(maintain(client_));
  EXPECT_EQ(lease->reserve(), reserve);
}

TEST_F(LeaseNotesTest, IsForSoManyThreadsAlone) {
  const Subscription& subscription = subscribe(client_, cell_);
  ASSERT_EQ(ThreadNumber::mine(), 0);
  std::thread([&] {
    ASSERT_EQ(ThreadNumber::mine(), 1);
    std::thread([&] { collide(client_, subscription); }).join();
    EXPECT_FALSE(maintain(client_));
    collide(client_, subscription);
    EXPECT_TRUE(maintain(client_));
  }).join();
}

}  // namespace
}  // namespace weir
