// The whole of `admit()`.

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "enforcer/clock.h"
#include "enforcer/decision.h"
#include "enforcer/enforcer.h"
#include "proto/api_key.pb.h"
#include "proto/usage_plan.pb.h"

namespace weir {
namespace {

constexpr size_t kCalls = size_t{1} << 16;

// What the plan does to the requests.
enum class Plan { kAdmits, kThrottles, kOverQuota };

std::string key_value(uint64_t i) {
  return absl::StrCat("a-key-of-forty-characters-", 10'000'000'000'000 + i);
}

// An enforcer with one plan whose method throttle, plan throttle and quota all
// have to admit, and a random order of its keys.
struct Fixture {
  Fixture(size_t keys, Plan kind) {
    Options options;
    options.method_throttle = MethodThrottle::kAddsToPlan;
    enforcer = *Enforcer::create(options);
    v1::UsagePlan plan;
    plan.set_name("plan");
    v1::ApiStage* stage = plan.add_api_stages();
    stage->set_api_id("api");
    stage->set_stage("prod");
    plan.mutable_throttle()->set_rate_limit(kind == Plan::kThrottles ? 0 : 1e9);
    plan.mutable_throttle()->set_burst_limit(
        kind == Plan::kThrottles ? 0 : 2'000'000'000);
    (*stage->mutable_throttle())["/pets/GET"].set_rate_limit(1e9);
    (*stage->mutable_throttle())["/pets/GET"].set_burst_limit(2'000'000'000);
    plan.mutable_quota()->set_limit(
        kind == Plan::kOverQuota ? 1 : 1'000'000'000'000);
    plan.mutable_quota()->set_period(v1::MONTH);
    const std::string plan_id = enforcer->create_usage_plan(plan)->id();
    for (size_t i = 0; i < keys; ++i) {
      v1::ApiKey key;
      key.set_id(absl::StrCat("k", i));
      key.set_value(key_value(i));
      key.set_enabled(true);
      if (!enforcer->create_api_key(key).ok() ||
          !enforcer->create_usage_plan_key(plan_id, key.id()).ok()) {
        std::cerr << "cannot create key " << i << "\n";
        std::exit(1);
      }
    }
    route = *enforcer->route("api", "prod", "/pets/GET");
    std::mt19937_64 random(1);
    for (size_t i = 0; i < kCalls; ++i) {
      calls.push_back(key_value(random() % keys));
      unknown.push_back(key_value(keys + random() % keys));
    }
    // Every key's first requests are behind it.
    for (size_t i = 0; i < keys; ++i) {
      enforcer->admit({key_value(i), route, 1, std::nullopt});
    }
  }

  std::unique_ptr<Enforcer> enforcer;
  Route route;
  std::vector<std::string> calls;
  std::vector<std::string> unknown;
};

Fixture& fixture(size_t keys, Plan kind = Plan::kAdmits) {
  static auto& fixtures =
      *new std::map<std::pair<size_t, Plan>, std::unique_ptr<Fixture>>;
  auto& fixture = fixtures[{keys, kind}];
  if (fixture == nullptr) fixture = std::make_unique<Fixture>(keys, kind);
  return *fixture;
}

void run(benchmark::State& state, Fixture& fixture,
         const std::vector<std::string>& calls, bool own_clock,
         Outcome expected) {
  size_t i = static_cast<size_t>(state.thread_index()) * 7919;
  Instant now = SystemClock().now();
  int64_t surprises = 0;
  for (auto _ : state) {
    Call call{calls[i++ % kCalls], fixture.route, 1, std::nullopt};
    if (!own_clock) {
      now = now + 100;
      call.now = now;
    }
    surprises += fixture.enforcer->admit(call).outcome != expected;
  }
  if (surprises != 0) state.SkipWithError("not the outcome that is measured");
}

// One fixture is built before threads start.
void build(const benchmark::State& state) {
  fixture(static_cast<size_t>(state.range(0)));
}

void callers_now(benchmark::State& state) {
  Fixture& f = fixture(static_cast<size_t>(state.range(0)));
  run(state, f, f.calls, /*own_clock=*/false, Outcome::kAdmitted);
  state.SetLabel(
      absl::StrCat("floor: floor/hash, hit, three CASes/", state.range(0)));
}
BENCHMARK(callers_now)
    ->Name("admit/caller's now")
    ->Arg(1'000)
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->Setup(build)
    ->UseRealTime()
    ->ThreadRange(1, 2);

void own_clock(benchmark::State& state) {
  Fixture& f = fixture(static_cast<size_t>(state.range(0)));
  run(state, f, f.calls, /*own_clock=*/true, Outcome::kAdmitted);
  state.SetLabel(
      absl::StrCat("floor: floor/hash, hit, three CASes/", state.range(0)));
}
BENCHMARK(own_clock)
    ->Name("admit/own clock")
    ->Arg(1'000)
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->Setup(build)
    ->UseRealTime()
    ->ThreadRange(1, 2);

void throttled(benchmark::State& state) {
  Fixture& f = fixture(1'000, Plan::kThrottles);
  run(state, f, f.calls, /*own_clock=*/false, Outcome::kThrottled);
}
BENCHMARK(throttled)
    ->Name("admit/throttled, 1000 keys")
    ->Setup([](const benchmark::State&) { fixture(1'000, Plan::kThrottles); })
    ->UseRealTime()
    ->ThreadRange(1, 2);

void over_quota(benchmark::State& state) {
  Fixture& f = fixture(1'000, Plan::kOverQuota);
  run(state, f, f.calls, /*own_clock=*/false, Outcome::kQuotaExceeded);
}
BENCHMARK(over_quota)
    ->Name("admit/over quota, 1000 keys")
    ->Setup([](const benchmark::State&) { fixture(1'000, Plan::kOverQuota); })
    ->UseRealTime()
    ->ThreadRange(1, 2);

void unknown_key(benchmark::State& state) {
  Fixture& f = fixture(1'000);
  run(state, f, f.unknown, /*own_clock=*/false, Outcome::kForbidden);
}
BENCHMARK(unknown_key)
    ->Name("admit/unknown key, 1000 keys")
    ->Setup([](const benchmark::State&) { fixture(1'000); })
    ->UseRealTime()
    ->ThreadRange(1, 2);

void hot_key(benchmark::State& state) {
  Fixture& f = fixture(1);
  run(state, f, f.calls, /*own_clock=*/false, Outcome::kAdmitted);
}
BENCHMARK(hot_key)
    ->Name("admit/one hot key")
    ->Setup([](const benchmark::State&) { fixture(1); })
    ->UseRealTime()
    ->ThreadRange(1, 2);

}  // namespace
}  // namespace weir
