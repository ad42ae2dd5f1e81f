#include "weir/plan/plan_compiler.h"

#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <new>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "weir/plan/compiled_plan.h"
#include "weir/plan/plan_changes.h"
#include "weir/plan/validation.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir {
namespace {

constexpr size_t kAlignment = 64;

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};
using Memory = std::unique_ptr<void, Free>;

Memory allocate(size_t bytes) {
  return Memory(std::aligned_alloc(kAlignment, bytes));
}

// A compiler with its routes and the latest compiled version.
class Plans {
 public:
  uint32_t add_route(const std::string& api, const std::string& stage,
                     const std::string& method) {
    const auto id = static_cast<uint32_t>(routes.size() + 1);
    const auto [route, is_new] = routes.try_emplace({api, stage, method}, id);
    if (!is_new) return route->second;
    if (compiler.add_route({api, stage, method}, id)) {
      memory_ = allocate(compiler.compiled_bytes());
      plan = compiler.compile(memory_.get());
    }
    return id;
  }

  void update(const v1::UsagePlan& document, const PlanChanges* changes) {
    auto update = compiler.prepare(document, {}, changes, routes, ++now_);
    ASSERT_TRUE(update.ok()) << update.status();
    Memory memory = allocate(compiler.compiled_bytes(*update));
    PlanCompiler::Memory blocks{memory.get(), {}};
    for (size_t i = compiler.throttle_count(*update); i > 0; --i) {
      void* throttle = allocate(PlanCompiler::kThrottleBytes).release();
      blocks.throttles.push_back(throttle);
      throttles_.emplace(throttle, throttle);
    }
    std::vector<const CompiledThrottle*> unused;
    plan = compiler.compile(*std::move(update), blocks, &unused);
    ASSERT_EQ(plan->bytes(), compiler.compiled_bytes());
    memory_ = std::move(memory);
    for (const CompiledThrottle* throttle : unused) {
      ASSERT_EQ(throttles_.erase(throttle), 1u);
    }
    ASSERT_EQ(throttles_.size(), compiler.throttles().size());
  }

  PlanCompiler compiler;
  RouteIds routes;
  const CompiledPlan* plan = nullptr;

 private:
  Memory memory_;
  std::map<const void*, Memory> throttles_;  // in use
  int64_t now_ = 0;
};

v1::ApiStage* add_stage(v1::UsagePlan& plan, const std::string& stage) {
  v1::ApiStage* added = plan.add_api_stages();
  added->set_api_id("api");
  added->set_stage(stage);
  return added;
}

void set_method(v1::ApiStage& stage, const std::string& method, double rate,
                int64_t burst) {
  (*stage.mutable_throttle())[method].set_rate_limit(rate);
  (*stage.mutable_throttle())[method].set_burst_limit(burst);
}

v1::UsagePlan plan_with_throttle() {
  v1::UsagePlan plan;
  plan.set_name("plan");
  plan.mutable_throttle()->set_rate_limit(10);
  plan.mutable_throttle()->set_burst_limit(20);
  return plan;
}

TEST(PlanCompiler, TellsRoutesApart) {
  Plans plans;
  v1::UsagePlan document = plan_with_throttle();
  set_method(*add_stage(document, "prod"), "/a/GET", 1, 2);
  const uint32_t method = plans.add_route("api", "prod", "/a/GET");
  plans.update(document, nullptr);
  const uint32_t rest = plans.add_route("api", "prod", "");
  const uint32_t foreign = plans.add_route("api", "test", "/a/GET");

  EXPECT_EQ(plans.plan->rule(0), CompiledPlan::kNotCovered);
  EXPECT_EQ(plans.plan->rule(rest), CompiledPlan::kCovered);
  EXPECT_EQ(plans.plan->rule(foreign), CompiledPlan::kNotCovered);
  EXPECT_EQ(plans.plan->rule(foreign + 1000), CompiledPlan::kNotCovered);
  const CompiledThrottle& throttle =
      plans.plan->method(plans.plan->rule(method));
  EXPECT_EQ(throttle.clock.rate(), 1);
  EXPECT_EQ(throttle.clock.burst(), 2);
  EXPECT_EQ(throttle.window_seconds, 2);
  EXPECT_EQ(plans.plan->throttle()->clock.rate(), 10);
}

TEST(PlanCompiler, SlotOfARemovedMethodGoesToTheNext) {
  Plans plans;
  v1::UsagePlan document = plan_with_throttle();
  v1::ApiStage* stage = add_stage(document, "prod");
  set_method(*stage, "/a/GET", 1, 2);
  set_method(*stage, "/b/GET", 1, 2);
  const uint32_t a = plans.add_route("api", "prod", "/a/GET");
  const uint32_t b = plans.add_route("api", "prod", "/b/GET");
  const uint32_t c = plans.add_route("api", "prod", "/c/GET");
  plans.update(document, nullptr);
  const auto slot_of = [&](uint32_t route) {
    return plans.plan->method(plans.plan->rule(route)).slot;
  };
  const uint32_t slot_a = slot_of(a);
  const uint32_t slot_b = slot_of(b);
  EXPECT_NE(slot_a, slot_b);

  stage->mutable_throttle()->erase("/a/GET");
  set_method(*stage, "/c/GET", 1, 2);
  plans.update(document, nullptr);
  EXPECT_EQ(plans.plan->rule(a), CompiledPlan::kCovered);
  EXPECT_EQ(slot_of(b), slot_b);
  EXPECT_EQ(slot_of(c), slot_a);
}

TEST(PlanCompiler, UpdateThatIsNotCompiledChangesNothing) {
  Plans plans;
  v1::UsagePlan document = plan_with_throttle();
  set_method(*add_stage(document, "prod"), "/a/GET", 1, 2);
  const uint32_t route = plans.add_route("api", "prod", "/a/GET");
  plans.update(document, nullptr);

  v1::UsagePlan other = plan_with_throttle();
  other.clear_throttle();
  ASSERT_TRUE(plans.compiler.prepare(other, {}, nullptr, plans.routes, 5).ok());

  plans.add_route("api", "prod", "");  // compiles the present version again
  EXPECT_NE(plans.plan->throttle(), nullptr);
  EXPECT_EQ(plans.plan->method(plans.plan->rule(route)).clock.burst(), 2);
}

// A clock can remember only a limited number of changes.
TEST(PlanCompiler, UnchangedThrottlesLastThroughAnyNumberOfVersions) {
  Plans plans;
  v1::UsagePlan document = plan_with_throttle();
  document.mutable_throttle()->set_rate_limit(3);
  v1::ApiStage* stage = add_stage(document, "prod");
  set_method(*stage, "/a/GET", 3, 7);
  const uint32_t route = plans.add_route("api", "prod", "/a/GET");
  plans.update(document, nullptr);
  const auto positions = [&] {
    constexpr int64_t kLater = 1'000'000'007;
    return std::make_pair(
        plans.plan->throttle()->clock.at(kLater).floor,
        plans.plan->method(plans.plan->rule(route)).clock.at(kLater).floor);
  };
  const auto before = positions();
  for (int i = 0; i < 10'000; ++i) {
    set_method(*stage, "/b/GET", 1 + i % 7, 2);
    plans.update(document, nullptr);
  }
  EXPECT_EQ(positions(), before);
}

// Randomly changed versions, compiled only from the differences, match their
// documents; and a method keeps its slot as long as it exists.
TEST(PlanCompiler, RandomVersionsMeanWhatTheirDocumentsSay) {
  const char* text = std::getenv("WEIR_TEST_SEED");
  const unsigned seed = text != nullptr ? std::strtoul(text, nullptr, 10) : 7;
  SCOPED_TRACE(absl::StrCat("WEIR_TEST_SEED=", seed));
  std::mt19937 random(seed);
  const auto below = [&](int n) {
    return std::uniform_int_distribution<>(0, n - 1)(random);
  };

  Plans plans;
  using Methods = std::map<std::string, std::pair<double, int64_t>>;
  std::map<std::string, Methods> stages;
  std::map<std::pair<std::string, std::string>, uint32_t> slots;
  plans.update(plan_with_throttle(), nullptr);
  for (int round = 0; round < 2000; ++round) {
    if (below(10) == 0) {
      plans.add_route(
          "api", absl::StrCat("s", below(5)),
          below(4) == 0 ? "" : absl::StrCat("/m", below(6), "/GET"));
    }
    PlanChanges changes;
    for (int n = below(3); n >= 0; --n) {
      const std::string stage = absl::StrCat("s", below(5));
      changes.stages.emplace("api", stage);
      switch (below(4)) {
        case 0:
          stages.erase(stage);
          break;
        case 1:
          stages[stage].erase(absl::StrCat("/m", below(6), "/GET"));
          break;
        default:
          stages[stage][absl::StrCat("/m", below(6), "/GET")] = {below(5),
                                                                 below(5)};
      }
    }
    v1::UsagePlan document = plan_with_throttle();
    for (const auto& [name, methods] : stages) {
      v1::ApiStage* stage = add_stage(document, name);
      for (const auto& [method, limits] : methods) {
        set_method(*stage, method, limits.first, limits.second);
      }
    }
    plans.update(document, &changes);
    ASSERT_FALSE(HasFailure());

    std::set<uint32_t> used;
    std::map<std::pair<std::string, std::string>, uint32_t> next_slots;
    for (const auto& [name, id] : plans.routes) {
      const auto& [api, stage, method] = name;
      const CompiledPlan::Rule rule = plans.plan->rule(id);
      if (stages.count(stage) == 0) {
        ASSERT_EQ(rule, CompiledPlan::kNotCovered) << "round " << round;
      } else if (stages[stage].count(method) == 0) {
        ASSERT_EQ(rule, CompiledPlan::kCovered) << "round " << round;
      } else {
        ASSERT_GE(rule, CompiledPlan::kFirstMethod) << "round " << round;
        const CompiledThrottle& throttle = plans.plan->method(rule);
        ASSERT_EQ(throttle.clock.rate(), stages[stage][method].first);
        ASSERT_EQ(throttle.clock.burst(), stages[stage][method].second);
        ASSERT_TRUE(used.insert(throttle.slot).second) << "round " << round;
        const auto before = slots.find({stage, method});
        if (before != slots.end() && changes.stages.count({api, stage}) == 0) {
          ASSERT_EQ(throttle.slot, before->second) << "round " << round;
        }
        next_slots[{stage, method}] = throttle.slot;
      }
    }
    slots = std::move(next_slots);
  }
}

}  // namespace
}  // namespace weir
