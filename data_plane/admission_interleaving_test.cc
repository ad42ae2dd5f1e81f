// Requests during changes of their plans: while a request runs, newer versions
// are published, and other requests take tokens under them. The scheduler
// switches at every sixth call of a function in admission.cc, which is compiled
// here with -finstrument-functions: the steps of a request that matter are
// further apart.

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/data_plane/admission.h"
#include "weir/data_plane/client.h"
#include "weir/data_plane/counts_locator.h"
#include "weir/data_plane/current_clock.h"
#include "weir/data_plane/subscription.h"
#include "weir/enforcer/decision.h"
#include "weir/memory/arena.h"
#include "weir/plan/compiled_plan.h"
#include "weir/plan/plan_compiler.h"
#include "weir/plan/validation.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/quota/calendar.h"
#include "weir/tests/interleaving/interleaving.h"
#include "weir/throttle/token_bucket.h"
#include "weir/throttle/token_clock.h"

namespace {

constexpr int kStride = 6;
thread_local int calls = 0;

}  // namespace

// What the compiler calls at the beginning and the end of each function.
extern "C" {
[[gnu::no_instrument_function]] void __cyg_profile_func_enter(void*, void*) {
  if (++calls % kStride == 0) weir::testing::internal::scheduling_point();
}
[[gnu::no_instrument_function]] void __cyg_profile_func_exit(void*, void*) {}
}

namespace weir::internal {
namespace {

using testing::Explored;
using testing::Program;
using testing::ScheduledAtomic;

constexpr uint32_t kRoute = 1;
constexpr int64_t kBurst = 5;
// Time stands still: all versions are made at this instant.
constexpr Instant kNow{/*monotonic=*/0, /*unix=*/20'000 * kNanosPerDay};

// Rates whose versions write a bucket's words in different scales.
constexpr double kRates[] = {10, 1e6, 1e-3};

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

// A plan's versions, which differ in their rates alone; then one from which a
// throttle was removed, and one in which it is back.
class Versions {
 public:
  enum class Removed { kMethod, kPlan };
  struct Limits {
    int64_t burst = kBurst;         // of the plan; 0: it admits nothing
    int64_t method_burst = kBurst;  // of the route's method; -1: no throttle
    int64_t quota = 0;              // 0: none
    Removed removed = Removed::kMethod;
  };

  explicit Versions(const Limits& limits) {
    v1::UsagePlan plan;
    v1::ApiStage* stage = plan.add_api_stages();
    stage->set_api_id("api");
    stage->set_stage("prod");
    if (limits.quota > 0) {
      plan.mutable_quota()->set_limit(limits.quota);
      plan.mutable_quota()->set_period(v1::DAY);
    }
    for (const double rate : kRates) {
      plan.mutable_throttle()->set_rate_limit(rate);
      plan.mutable_throttle()->set_burst_limit(limits.burst);
      if (limits.method_burst >= 0) {
        v1::ThrottleSettings& method =
            (*stage->mutable_throttle())["/pets/GET"];
        method.set_rate_limit(rate);
        method.set_burst_limit(limits.method_burst);
      }
      compile(plan);
    }
    const v1::UsagePlan whole = plan;
    if (limits.removed == Removed::kMethod) {
      stage->clear_throttle();
    } else {
      plan.clear_throttle();
    }
    compile(plan);
    compile(whole);
    EXPECT_NE(plans_[0]->throttle()->clock.units_per_token(),
              plans_[1]->throttle()->clock.units_per_token());
  }

  const CompiledPlan* operator[](size_t i) const { return plans_[i]; }
  const CompiledPlan* without() const { return plans_[plans_.size() - 2]; }
  const CompiledPlan* with_it_again() const { return plans_.back(); }

 private:
  void compile(const v1::UsagePlan& plan) {
    const RouteIds routes = {{{"api", "prod", "/pets/GET"}, kRoute}};
    auto update = compiler_.prepare(plan, {}, nullptr, routes, kNow.monotonic);
    EXPECT_TRUE(update.ok()) << update.status();
    PlanCompiler::Memory memory{allocate(compiler_.compiled_bytes(*update)),
                                {}};
    for (size_t i = compiler_.throttle_count(*update); i > 0; --i) {
      memory.throttles.push_back(allocate(PlanCompiler::kThrottleBytes));
    }
    std::vector<const CompiledThrottle*> unused;
    plans_.push_back(compiler_.compile(*std::move(update), memory, &unused));
  }
  void* allocate(size_t bytes) {
    memory_.emplace_back(std::aligned_alloc(64, (bytes + 63) / 64 * 64));
    return memory_.back().get();
  }

  PlanCompiler compiler_;
  std::vector<std::unique_ptr<void, Free>> memory_;
  std::vector<const CompiledPlan*> plans_;
};

// A subscription, and how many versions its plan has published.
struct Subscribed {
  Subscribed(Subscription& subscription, const Versions& versions)
      : subscription(subscription), versions(versions) {
    cell.plan = versions[0];
    subscription.cell = &cell;
  }

  const TokenClock& newest(bool is_method) const {
    return *current_clock(cell, kRoute, {is_method, 0});
  }
  TokenBucket& bucket(bool is_method) {
    return is_method ? *subscription.methods.find_or_add(0, no_lines())
                     : subscription.bucket;
  }
  static Arena& no_lines() {
    static Arena& arena = *Arena::create(size_t{1} << 20)->release();
    return arena;
  }

  // An operator publishes the next version, and another request takes a token
  // under it.
  void move_on(bool is_method) {
    cell.plan = versions[++version];
    EXPECT_EQ(
        bucket(is_method)
            .take(newest(is_method), newest(is_method).at(kNow.monotonic), 1)
            .outcome,
        TakeOutcome::kTaken);
    ++(is_method ? taken_of_method : taken);
  }

  // Other requests take what there is.
  void drain(bool is_method) {
    const TokenClock& clock = newest(is_method);
    while (bucket(is_method).take(clock, clock.at(kNow.monotonic), 1).outcome ==
           TakeOutcome::kTaken) {
      ++(is_method ? taken_of_method : taken);
    }
  }

  // The tokens of a bucket under the newest clock, without what move_on() and
  // drain() took.
  int64_t left(bool is_method) {
    const TokenClock& clock = newest(is_method);
    return clock.available(clock.at(kNow.monotonic), bucket(is_method).word()) +
           (is_method ? taken_of_method : taken);
  }

  Subscription& subscription;
  const Versions& versions;
  PlanCell cell{nullptr};
  size_t version = 0;
  int64_t taken = 0;
  int64_t taken_of_method = 0;
};

// A key with a plan, together with a shared plan or, if that is null, alone.
struct World {
  World(const Versions& own, const Versions* shared, bool both_throttles)
      : own(client.first, own),
        shared(shared_subscription, shared == nullptr ? own : *shared),
        has_shared(shared != nullptr),
        both_throttles(both_throttles) {}

  Decision admit() {
    calls = 0;
    Decision decision;
    Admission{client,
              has_shared ? &shared_subscription : nullptr,
              kRoute,
              both_throttles,
              1,
              kNow,
              Subscribed::no_lines(),
              counts,
              nullptr}
        .decide(decision);
    admitted += decision.admitted() ? 1 : 0;
    return decision;
  }
  int64_t counted() {
    const Counts& mine = counts.of(client.first);
    return mine.quota.counted().count;
  }

  Client client{};
  Subscription shared_subscription{};
  Subscribed own;
  Subscribed shared;
  const bool has_shared;
  const CountsLocator counts{Subscribed::no_lines()};
  const bool both_throttles;
  ScheduledAtomic<int> anywhere{0};
  int64_t admitted = 0;
};

enum class Where { kOwn, kOwnMethod, kShared, kSharedMethod };

// Runs `request` with two changes of the plan that `where` names, at any two
// moments of it.
void explore(const Versions& own, const Versions* shared, bool both_throttles,
             Where where, const std::function<void(World&)>& request,
             const std::function<void(World&)>& at_end) {
  const Explored explored = testing::explore(
      [&](Program& program) {
        auto world = std::make_shared<World>(own, shared, both_throttles);
        program.thread([=] { request(*world); });
        for (int i = 0; i < 2; ++i) {
          program.thread([=] {
            world->anywhere.load();
            Subscribed& moving =
                where == Where::kOwn || where == Where::kOwnMethod
                    ? world->own
                    : world->shared;
            moving.move_on(where == Where::kOwnMethod ||
                           where == Where::kSharedMethod);
          });
        }
        program.at_end([=] { at_end(*world); });
      },
      /*max_schedules=*/2'000'000, /*max_preemptions=*/2);
  EXPECT_TRUE(explored.complete);
  EXPECT_GT(explored.schedules, 100);
}

constexpr Where kAll[] = {Where::kOwn, Where::kOwnMethod, Where::kShared,
                          Where::kSharedMethod};

// No limit refuses, whenever it is asked.
TEST(AdmissionInterleaving, PassesWhilePlansChange) {
  const Versions plan({kBurst, kBurst, 100});
  for (const Where where : kAll) {
    SCOPED_TRACE(static_cast<int>(where));
    explore(
        plan, &plan, /*both_throttles=*/true, where,
        [](World& world) {
          const Decision decision = world.admit();
          EXPECT_EQ(decision.outcome, Outcome::kAdmitted);
          EXPECT_EQ(decision.limit, Limit::kNone);
        },
        [](World& world) {
          for (const bool is_method : {false, true}) {
            EXPECT_EQ(world.own.left(is_method), kBurst - 1) << is_method;
            EXPECT_EQ(world.shared.left(is_method), kBurst - 1) << is_method;
          }
          EXPECT_EQ(world.counted(), 1);
        });
  }
}

// The same for a key without shared plans, whose requests take the fast path.
TEST(AdmissionInterleaving, PassesAloneWhileItsPlanChanges) {
  const Versions plan({kBurst, kBurst, 100});
  for (const bool both_throttles : {false, true}) {
    for (const Where where : {Where::kOwn, Where::kOwnMethod}) {
      explore(
          plan, nullptr, both_throttles, where,
          [](World& world) {
            EXPECT_EQ(world.admit().outcome, Outcome::kAdmitted);
          },
          [=](World& world) {
            EXPECT_EQ(world.own.left(true), kBurst - 1);
            EXPECT_EQ(world.own.left(false), kBurst - both_throttles);
            EXPECT_EQ(world.counted(), 1);
          });
    }
  }
}

// When one limit refuses, the tokens taken from the others are returned.
TEST(AdmissionInterleaving, GivesAllBackWhilePlansChange) {
  const Versions plan({kBurst, kBurst, 100});
  const Versions refusing({0, kBurst, 0});
  for (const Where where :
       {Where::kOwn, Where::kOwnMethod, Where::kSharedMethod}) {
    SCOPED_TRACE(static_cast<int>(where));
    explore(
        plan, &refusing, /*both_throttles=*/true, where,
        [](World& world) {
          const Decision decision = world.admit();
          EXPECT_EQ(decision.outcome, Outcome::kThrottled);
          EXPECT_EQ(decision.limit, Limit::kSharedThrottle);
        },
        [](World& world) {
          for (const bool is_method : {false, true}) {
            EXPECT_EQ(world.own.left(is_method), kBurst) << is_method;
          }
          EXPECT_EQ(world.shared.left(true), kBurst);
          EXPECT_EQ(world.counted(), 0);
        });
  }
}

// A throttle changes, others take from it, and it is removed: with it goes what
// the request took. The plan's other throttle gets its token back.
TEST(AdmissionInterleaving, GivesBackBesideAThrottleThatIsRemoved) {
  using Removed = Versions::Removed;
  const Versions refusing({0, kBurst, 0});
  for (const bool is_method : {false, true}) {
    const Versions plan(
        {kBurst, kBurst, 100, is_method ? Removed::kMethod : Removed::kPlan});
    const Explored explored = testing::explore(
        [&](Program& program) {
          auto world = std::make_shared<World>(plan, &refusing, true);
          program.thread([=] {
            const Decision decision = world->admit();
            EXPECT_EQ(decision.outcome, Outcome::kThrottled);
            EXPECT_EQ(decision.limit, Limit::kSharedThrottle);
          });
          program.thread([=, &plan] {
            world->anywhere.load();
            world->own.move_on(is_method);
            world->anywhere.load();
            world->own.cell.plan = plan.without();
          });
          program.at_end([=] {
            EXPECT_EQ(world->own.left(!is_method), kBurst);
            EXPECT_EQ(world->shared.left(true), kBurst);
            EXPECT_EQ(world->counted(), 0);
          });
        },
        /*max_schedules=*/1'000'000, /*max_preemptions=*/2);
    EXPECT_TRUE(explored.complete);
    EXPECT_GT(explored.schedules, 50);
  }
}

// One that was removed and is back has its burst, and not what a request gives
// back that took before.
TEST(AdmissionInterleaving, GivesNothingBackToAThrottleThatIsNew) {
  using Removed = Versions::Removed;
  const Versions refusing({0, kBurst, 0});
  for (const bool is_method : {false, true}) {
    const Versions plan(
        {kBurst, kBurst, 100, is_method ? Removed::kMethod : Removed::kPlan});
    const Explored explored = testing::explore(
        [&](Program& program) {
          auto world = std::make_shared<World>(plan, &refusing, true);
          program.thread(
              [=] { EXPECT_EQ(world->admit().outcome, Outcome::kThrottled); });
          program.thread([=, &plan] {
            world->anywhere.load();
            world->own.cell.plan = plan.without();
            world->own.cell.plan = plan.with_it_again();
            world->own.drain(is_method);
          });
          program.at_end([=] {
            EXPECT_EQ(world->own.left(is_method), kBurst);
            EXPECT_EQ(world->own.left(!is_method), kBurst);
          });
        },
        /*max_schedules=*/1'000'000, /*max_preemptions=*/2);
    EXPECT_TRUE(explored.complete);
    EXPECT_GT(explored.schedules, 20);
  }
}

// The quota has room for one of two requests. The other one may have checked it
// before, and gives back what it took.
TEST(AdmissionInterleaving, QuotaRefusesAtNoCost) {
  const Versions plan({kBurst, kBurst, 1});
  const Versions shared({kBurst, kBurst, 0});
  const Explored explored = testing::explore(
      [&](Program& program) {
        auto world = std::make_shared<World>(plan, &shared, true);
        for (int i = 0; i < 2; ++i) {
          program.thread([=] {
            const Decision decision = world->admit();
            EXPECT_TRUE(decision.admitted() ||
                        decision.outcome == Outcome::kQuotaExceeded);
          });
        }
        program.at_end([=] {
          EXPECT_EQ(world->admitted, 1);
          EXPECT_EQ(world->counted(), 1);
          for (const bool is_method : {false, true}) {
            EXPECT_EQ(world->own.left(is_method), kBurst - 1) << is_method;
            EXPECT_EQ(world->shared.left(is_method), kBurst - 1) << is_method;
          }
        });
      },
      /*max_schedules=*/1'000'000, /*max_preemptions=*/1);
  EXPECT_TRUE(explored.complete);
}

}  // namespace
}  // namespace weir::internal
