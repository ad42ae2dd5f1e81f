#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/base/thread_number.h"
#include "weir/data_plane/admission.h"
#include "weir/data_plane/client.h"
#include "weir/data_plane/clients.h"
#include "weir/data_plane/key_lease.h"
#include "weir/data_plane/lease.h"
#include "weir/data_plane/lease_manager.h"
#include "weir/data_plane/subscription.h"
#include "weir/enforcer/decision.h"
#include "weir/memory/arena.h"
#include "weir/memory/epoch.h"
#include "weir/plan/compiled_plan.h"
#include "weir/plan/plan_compiler.h"
#include "weir/plan/validation.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/quota/calendar.h"
#include "weir/quota/counts.h"
#include "weir/tests/in_child.h"

namespace weir::internal {
namespace {

constexpr Instant kNow{/*monotonic=*/0, /*unix=*/20'000 * kNanosPerDay};
constexpr uint32_t kRoute = 1;
constexpr uint32_t kOtherRoute = 2;
constexpr uint32_t kRouteOfNoPlan = 3;  // but for that of the other stage
constexpr int64_t kBurst = 1'000;
constexpr int64_t kTokens = 16;  // of a slot

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

v1::ThrottleSettings throttle(int64_t burst, double rate = kBurst) {
  v1::ThrottleSettings throttle;
  throttle.set_rate_limit(rate);
  throttle.set_burst_limit(burst);
  return throttle;
}

// A plan for a stage, with a throttle unless `burst` is 0, and with one for
// each of `methods`.
v1::UsagePlan make_plan(int64_t burst,
                        const std::map<std::string, int64_t>& methods = {},
                        const std::string& stage_name = "prod") {
  v1::UsagePlan plan;
  if (burst > 0) *plan.mutable_throttle() = throttle(burst);
  v1::ApiStage* stage = plan.add_api_stages();
  stage->set_api_id("api");
  stage->set_stage(stage_name);
  for (const auto& [method, method_burst] : methods) {
    (*stage->mutable_throttle())[method] = throttle(method_burst);
  }
  return plan;
}

// Which collisions, as threads note them, begin leases; and what requests of
// one thread are admitted beside them, to the token. That threads together are
// admitted what they should is tests/lease_test's.
class LeaseNotesTest : public ::testing::Test {
 protected:
  explicit LeaseNotesTest(bool both_throttles = false)
      : both_throttles_(both_throttles),
        leases_(*arena_, clients_.counts(), /*threads=*/2, kTokens,
                both_throttles) {
    publish(make_plan(kBurst), cell_);
    publish(make_plan(0), unthrottled_);
  }

  // The next version of the plan in `cell`.
  void publish(const v1::UsagePlan& plan, PlanCell& cell) {
    const RouteIds routes = {{{"api", "prod", "/pets/GET"}, kRoute},
                             {{"api", "prod", "/dogs/GET"}, kOtherRoute},
                             {{"api", "test", "/pets/GET"}, kRouteOfNoPlan}};
    PlanCompiler& compiler = compilers_[&cell];
    auto update = compiler.prepare(plan, {}, nullptr, routes, kNow.monotonic);
    ASSERT_TRUE(update.ok()) << update.status();
    PlanCompiler::Memory memory{allocate(compiler.compiled_bytes(*update)), {}};
    for (size_t i = compiler.throttle_count(*update); i > 0; --i) {
      memory.throttles.push_back(allocate(PlanCompiler::kThrottleBytes));
    }
    std::vector<const CompiledThrottle*> unused;
    cell.plan = compiler.compile(*std::move(update), memory, &unused);
  }
  void* allocate(size_t bytes) {
    memory_.emplace_back(std::aligned_alloc(64, (bytes + 63) / 64 * 64));
    return memory_.back().get();
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

  // A lease for this thread, which holds kTokens of it from now on. Takes one
  // token more.
  KeyLease& open_lease(const Subscription& subscription,
                       uint32_t route = kRoute) {
    collide(client_, subscription, route);
    EXPECT_TRUE(maintain(client_));
    EXPECT_TRUE(ask(route).admitted());
    EXPECT_EQ(leases_.open_leases(), 1);
    return *leases_.find(client_);
  }
  // As `Enforcer::admit()` does.
  Decision ask(uint32_t route, Instant now = kNow) {
    Decision decision;
    EpochDomain::Guard guard;
    Subscription* const shared = shared_.load();
    KeyLease* const lease = leases_.find(client_);
    if (lease == nullptr || shared != nullptr ||
        !lease->spend(ThreadNumber::mine(), route, now, decision)) {
      Admission{client_, shared, route,   both_throttles_,
                1,       now,    *arena_, clients_.counts(),
                &leases_}
          .decide(decision);
    }
    return decision;
  }
  // How many requests are admitted before one is not.
  int64_t drain(uint32_t route, Instant now = kNow) {
    int64_t admitted = 0;
    while (ask(route, now).admitted()) ++admitted;
    return admitted;
  }
  // Has the arena no memory at all; for blocks of `spared` bytes, one.
  void* use_up_memory(size_t spared) {
    void* const block = arena_->allocate(spared);
    for (size_t bytes = size_t{1} << 20; bytes >= 128; bytes /= 2) {
      while (arena_->allocate(bytes) != nullptr) {
      }
    }
    while (arena_->take_line() != nullptr) {
    }
    return block;
  }

  const bool both_throttles_;
  const std::unique_ptr<Arena> arena_ = *Arena::create(size_t{1} << 22);
  Clients clients_{*arena_};
  LeaseManager leases_;
  std::atomic<Subscription*> shared_{nullptr};
  std::vector<std::unique_ptr<void, Free>> memory_;
  std::map<const PlanCell*, PlanCompiler> compilers_;
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

// A request of another thread may be inside as the key is deleted.
TEST_F(LeaseNotesTest, TheKeyMayBeGoneAsItsThreadsCollide) {
  Subscription& subscription = subscribe(client_, cell_);
  clients_.unsubscribe(client_, subscription);
  clients_.remove(client_);
  collide(client_, subscription);
  EXPECT_FALSE(maintain(client_));
}

// Objects of the thread's own may ask as they are destroyed.
TEST_F(LeaseNotesTest, AThreadThatExitsIsAdmittedWithoutOne) {
  struct AtExit {
    ~AtExit() { call(); }
    std::function<void()> call;
  };
  const Subscription& subscription = subscribe(client_, cell_);
  const KeyLease& lease = open_lease(subscription);
  std::thread([&] {
    thread_local AtExit at_exit;
    at_exit.call = [&] {
      EXPECT_EQ(ThreadNumber::mine(), ThreadNumber::kNone);
      EXPECT_TRUE(ask(kRoute).admitted());
      collide(client_, subscription);
    };
    EXPECT_EQ(ThreadNumber::mine(), 1);
  }).join();
  EXPECT_TRUE(maintain(client_));
  EXPECT_EQ(lease.reserve(), kTokens);
  EXPECT_EQ(drain(kRoute), kBurst - 2);
}

TEST_F(LeaseNotesTest, AreSixtyFourAtMost) {
  // While a call lasts, slots that were announced since are not ready: no lease
  // is idle.
  EpochDomain::Guard inside;
  std::vector<std::pair<Client*, Subscription*>> leased;
  std::vector<std::pair<Client*, Subscription*>> others;
  for (int i = 0; i < 300; ++i) {
    Client& client = *clients_.create(absl::StrCat("key-", i), true);
    Subscription& subscription = subscribe(client, cell_);
    collide(client, subscription);
    (maintain(client) ? leased : others).emplace_back(&client, &subscription);
  }
  EXPECT_EQ(leased.size(), LeaseManager::kMaxLeases);
  for (const auto& leases : leased) {
    EXPECT_NE(leases_.find(*leases.first), nullptr);
  }
  // Where one ends another may begin, if it has a place of its own.
  leases_.end(*leased[0].second);
  EXPECT_FALSE(maintain(*leased[0].first));
  bool has_begun = false;
  for (size_t i = 0; i < others.size() && !has_begun; ++i) {
    collide(*others[i].first, *others[i].second);
    has_begun = maintain(*others[i].first);
  }
  EXPECT_TRUE(has_begun);
}

// The table has fewer places than there may be keys.
TEST_F(LeaseNotesTest, KeysThatShareAPlaceWaitForOneAnother) {
  EpochDomain::Guard inside;  // as above
  const Subscription& subscription = subscribe(client_, cell_);
  collide(client_, subscription);
  ASSERT_TRUE(maintain(client_));
  const KeyLease* const lease = leases_.find(client_);
  Client* other = nullptr;
  Subscription* of_other = nullptr;
  bool has_begun = true;
  for (int i = 0; i < 2'000 && has_begun; ++i) {
    other = clients_.create(absl::StrCat("key-", i), true);
    of_other = &subscribe(*other, cell_);
    collide(*other, *of_other);
    has_begun = maintain(*other);
    leases_.end(*of_other);
  }
  ASSERT_FALSE(has_begun);
  EXPECT_EQ(leases_.find(client_), lease);
  EXPECT_EQ(lease->reserve(), kTokens);
  leases_.end(subscription);
  EXPECT_FALSE(maintain(client_));
  collide(*other, *of_other);
  EXPECT_TRUE(maintain(*other));
  EXPECT_EQ(leases_.find(client_), nullptr);
}

TEST_F(LeaseNotesTest, NeedMemory) {
  const Subscription& subscription = subscribe(client_, unthrottled_);
  constexpr size_t kBytes = KeyLease::bytes(2);
  void* const block = use_up_memory(kBytes);
  collide(client_, subscription);
  EXPECT_FALSE(maintain(client_));
  EXPECT_TRUE(ask(kRoute).admitted());
  arena_->free(block, kBytes);
  collide(client_, subscription);
  EXPECT_TRUE(maintain(client_));
}

// A key has one method's bucket from the beginning, and needs memory for more.
TEST_F(LeaseNotesTest, WithoutMemoryForAMethodThePlansThrottleGoverns) {
  publish(make_plan(kBurst, {{"/dogs/GET", 300}, {"/pets/GET", 400}}), cell_);
  const Subscription& subscription = subscribe(client_, cell_);
  void* const line = arena_->take_line();
  void* const pair = arena_->allocate(Arena::kPairBytes);
  constexpr size_t kBytes = KeyLease::bytes(2);
  void* const block = use_up_memory(kBytes);
  arena_->free(block, kBytes);
  collide(client_, subscription);
  EXPECT_FALSE(maintain(client_)) << "of a method without a bucket";
  EXPECT_EQ(ask(kRoute).burst, kBurst);
  EXPECT_EQ(drain(kRoute), kBurst - 1);
  EXPECT_EQ(ask(kRoute).limit, Limit::kPlanThrottle);
  EXPECT_EQ(drain(kOtherRoute), 300);

  // The arena needs some for its list of lines.
  arena_->return_line(line);
  arena_->free(pair, Arena::kPairBytes);
  arena_->collect();
  open_lease(subscription);
  EXPECT_EQ(drain(kRoute), 400 - 1);
  EXPECT_EQ(ask(kRoute).limit, Limit::kMethodThrottle);
}

TEST_F(LeaseNotesTest, OfAMethodLeavesThePlansTokensAlone) {
  publish(make_plan(kBurst, {{"/pets/GET", 400}}), cell_);
  open_lease(subscribe(client_, cell_));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(ask(kRoute).admitted());
  for (int64_t left = kBurst - 1; left >= 0; --left) {
    const Decision decision = ask(kOtherRoute);
    ASSERT_TRUE(decision.admitted());
    ASSERT_EQ(decision.tokens_remaining(), left);
  }
  EXPECT_EQ(leases_.open_leases(), 1);
  EXPECT_EQ(ask(kOtherRoute).limit, Limit::kPlanThrottle);
  EXPECT_EQ(drain(kRoute), 400 - 6);
  EXPECT_EQ(ask(kRoute).limit, Limit::kMethodThrottle);
  EXPECT_FALSE(ask(kOtherRoute).admitted());
}

TEST_F(LeaseNotesTest, OfOnePlanLeavesTheKeysOtherPlanAlone) {
  PlanCell other = {};
  publish(make_plan(200, {}, "test"), other);
  // Whichever of the two a request asks first.
  for (const bool is_first : {true, false}) {
    Subscription& one = subscribe(client_, is_first ? cell_ : other);
    Subscription& two = subscribe(client_, is_first ? other : cell_);
    open_lease(is_first ? one : two);
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(ask(kRoute).admitted());
    EXPECT_EQ(drain(kRouteOfNoPlan), 200);
    EXPECT_EQ(ask(kRouteOfNoPlan).tokens_remaining(), 0);
    EXPECT_EQ(leases_.open_leases(), 1);
    EXPECT_EQ(drain(kRoute), kBurst - 6);
    EXPECT_FALSE(ask(kRouteOfNoPlan).admitted());
    for (Subscription* it : {&one, &two}) {
      leases_.end(*it);
      clients_.unsubscribe(client_, *it);
    }
    EXPECT_FALSE(maintain(client_));
  }
}

// Tokens in slots would be none of the shared plan's.
TEST_F(LeaseNotesTest, NoTokensArePutAsideBesideASharedPlan) {
  PlanCell for_all = {};
  v1::UsagePlan plan = make_plan(100);
  plan.clear_api_stages();
  publish(plan, for_all);
  const Subscription& subscription = subscribe(client_, cell_);
  collide(client_, subscription);
  ASSERT_TRUE(maintain(client_));
  // A slot that is ready.
  Subscription* shared = clients_.share(shared_, for_all);
  EXPECT_TRUE(ask(kRoute).admitted());
  EXPECT_EQ(leases_.open_leases(), 0);
  clients_.unshare(shared_, *shared);
  // One that is empty.
  for (int i = 0; i <= kTokens; ++i) EXPECT_TRUE(ask(kRoute).admitted());
  EXPECT_EQ(leases_.open_leases(), 1);
  shared = clients_.share(shared_, for_all);
  EXPECT_TRUE(ask(kRoute).admitted());
  EXPECT_EQ(drain(kRoute), 99);
  EXPECT_EQ(ask(kRoute).limit, Limit::kSharedThrottle);
  clients_.unshare(shared_, *shared);
  EXPECT_EQ(drain(kRoute), kBurst - 1 - 1 - kTokens - 100);
}

class LeasesOfBothThrottlesTest : public LeaseNotesTest {
 protected:
  LeasesOfBothThrottlesTest() : LeaseNotesTest(/*both_throttles=*/true) {}

  // As for a closer that stalls while the plan changes: without that, slots
  // close before it does.
  void publish_beside_a_closer(const v1::UsagePlan& plan) {
    publish(plan, cell_);
    leases_.end(cell_);
    EXPECT_FALSE(maintain(client_));
  }
};

TEST_F(LeasesOfBothThrottlesTest, HoldTokensOfBoth) {
  publish(make_plan(kBurst, {{"/pets/GET", 400}}), cell_);
  open_lease(subscribe(client_, cell_));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(ask(kRoute).admitted());
  EXPECT_EQ(ask(kOtherRoute).tokens_remaining(), kBurst - 2 - kTokens);
  EXPECT_EQ(drain(kRoute), 400 - 6);
  EXPECT_EQ(ask(kRoute).limit, Limit::kMethodThrottle);
  EXPECT_EQ(drain(kOtherRoute), kBurst - 400 - 1);
}

TEST_F(LeasesOfBothThrottlesTest, AMethodsThrottleIsRemoved) {
  const v1::UsagePlan plan = make_plan(kBurst, {{"/pets/GET", 400}});
  publish(plan, cell_);
  open_lease(subscribe(client_, cell_));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(ask(kRoute).admitted());
  publish_beside_a_closer(make_plan(kBurst));
  EXPECT_EQ(ask(kRoute).tokens_remaining(), kBurst - 7);
  publish(plan, cell_);
  EXPECT_EQ(drain(kRoute), 400);
  EXPECT_EQ(drain(kOtherRoute), kBurst - 400 - 7);
}

TEST_F(LeasesOfBothThrottlesTest, ThePlansThrottleIsRemoved) {
  const v1::UsagePlan plan = make_plan(kBurst, {{"/pets/GET", 400}});
  publish(plan, cell_);
  open_lease(subscribe(client_, cell_));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(ask(kRoute).admitted());
  publish_beside_a_closer(make_plan(0, {{"/pets/GET", 400}}));
  EXPECT_EQ(ask(kRoute).tokens_remaining(), 400 - 7);
  publish(plan, cell_);
  EXPECT_EQ(drain(kRoute), 400 - 7);
  EXPECT_EQ(drain(kOtherRoute), kBurst - (400 - 7));
}

TEST_F(LeasesOfBothThrottlesTest, AThrottleIsRemovedAndBack) {
  const v1::UsagePlan plan = make_plan(kBurst, {{"/pets/GET", 400}});
  for (const v1::UsagePlan& between :
       {make_plan(kBurst), make_plan(0, {{"/pets/GET", 400}})}) {
    publish(make_plan(0), cell_);
    publish(plan, cell_);
    Subscription& subscription = subscribe(client_, cell_);
    open_lease(subscription);
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(ask(kRoute).admitted());
    publish(between, cell_);
    publish_beside_a_closer(plan);
    const bool is_method = between.has_throttle();
    EXPECT_EQ(drain(kRoute), is_method ? 400 : 400 - 6);
    EXPECT_EQ(drain(kOtherRoute),
              is_method ? kBurst - 400 - 6 : kBurst - (400 - 6));
    clients_.unsubscribe(client_, subscription);
  }
}

TEST_F(LeasesOfBothThrottlesTest, AThrottleChanges) {
  publish(make_plan(kBurst, {{"/pets/GET", 400}}), cell_);
  open_lease(subscribe(client_, cell_));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(ask(kRoute).admitted());
  v1::UsagePlan plan = make_plan(500, {{"/pets/GET", 100}});
  plan.mutable_throttle()->set_rate_limit(1e-3);
  publish_beside_a_closer(plan);
  EXPECT_EQ(drain(kRoute), 100 - 6);
  EXPECT_EQ(drain(kOtherRoute), 500 - 100);
}

// The bucket of a throttle that is gone may be another method's.
TEST_F(LeasesOfBothThrottlesTest, AMethodsBucketIsAnothers) {
  // The first bucket has had other throttles, and so has another clock.
  for (int64_t burst = 1; burst < 5; ++burst) {
    publish(make_plan(kBurst, {{"/dogs/GET", burst}}), cell_);
    publish(make_plan(kBurst), cell_);
  }
  const v1::UsagePlan plan =
      make_plan(kBurst, {{"/dogs/GET", 300}, {"/pets/GET", 400}});
  publish(plan, cell_);
  open_lease(subscribe(client_, cell_));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(ask(kRoute).admitted());
  const auto slot_of = [&](uint32_t route) {
    const CompiledPlan& now = *cell_.plan.load();
    return now.method(now.rule(route)).slot;
  };
  const uint32_t slot = slot_of(kRoute);
  publish(make_plan(kBurst), cell_);
  publish_beside_a_closer(plan);
  ASSERT_EQ(slot_of(kOtherRoute), slot);
  EXPECT_EQ(drain(kRoute), 400);
  EXPECT_EQ(drain(kOtherRoute), 300);
}

// -- While a closer stalls: between the exchange and the charge --

class StalledCloserTest : public LeaseNotesTest {
 protected:
  // Calls `body` there, after 5 tokens of the slot were spent.
  void stall(const std::function<void()>& body) {
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(ask(kRoute).admitted());
    BasicLease<>& slots = lease_;
    EXPECT_TRUE(
        slots.close(0, [&](int64_t spent, int64_t unspent, int64_t /*last*/) {
          EXPECT_EQ(spent, 5);
          EXPECT_EQ(unspent, kTokens - 5);
          body();
        }));
  }

  Subscription& subscription_ = subscribe(client_, cell_);
  KeyLease& lease_ = open_lease(subscription_);
};

TEST_F(StalledCloserTest, RefusesRatherThanWaits) {
  stall([&] {
    EXPECT_EQ(drain(kRoute), kBurst - 1 - kTokens);
    const Decision decision = ask(kRoute);
    EXPECT_EQ(decision.outcome, Outcome::kThrottled);
    EXPECT_GE(decision.retry_after_ns, 1);
    EXPECT_EQ(lease_.reserve(), kTokens);
  });
}

TEST_F(StalledCloserTest, AnAssociationEndsAndItsSlotsStayClosed) {
  stall([&] {
    leases_.end(subscription_);
    collide(client_, subscription_);
    EXPECT_TRUE(maintain(client_));
    EXPECT_EQ(lease_.reserve(), kTokens);
  });
  EXPECT_FALSE(maintain(client_));
}

// The child does not have the thread that would charge them: the slot's tokens
// count as spent, and that is all.
TEST_F(StalledCloserTest, AForkedChildGoesOn) {
  stall([&] {
    const int status = in_child([&] {
      EXPECT_FALSE(maintain(client_));
      EXPECT_EQ(drain(kRoute), kBurst - 1 - kTokens);
      // A burst takes a second.
      const auto after = [](int64_t seconds) {
        const int64_t passed = seconds * 1'000'000'000;
        return Instant{passed, kNow.unix_ns + passed};
      };
      EXPECT_EQ(drain(kRoute, after(1)), kBurst);
      const Instant last = after(2);
      collide(client_, subscription_);
      leases_.maintain(last);
      EXPECT_TRUE(ask(kRoute, last).admitted());
      EXPECT_EQ(leases_.open_leases(), 1);
      EXPECT_EQ(drain(kRoute, last), kBurst - 1);
    });
    EXPECT_EQ(status, 0);
  });
}

}  // namespace
}  // namespace weir::internal
