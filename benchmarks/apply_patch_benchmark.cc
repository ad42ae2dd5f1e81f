// Benchmarks all of `apply_patch()`: from the operations to the limits in
// force.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "weir/benchmarks/ratio_reporter.h"
#include "weir/enforcer/enforcer.h"
#include "weir/proto/patch_operation.pb.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir {
namespace {

v1::UsagePlan plan_of(int stages, int methods) {
  v1::UsagePlan plan;
  plan.set_name("plan");
  plan.mutable_throttle()->set_rate_limit(100);
  plan.mutable_throttle()->set_burst_limit(200);
  plan.mutable_quota()->set_limit(1000);
  plan.mutable_quota()->set_period(v1::MONTH);
  for (int i = 0; i < stages; ++i) {
    v1::ApiStage* stage = plan.add_api_stages();
    stage->set_api_id(absl::StrCat("a1b2c3d4e", i));
    stage->set_stage("prod");
    for (int j = 0; j < methods; ++j) {
      auto& throttle =
          (*stage->mutable_throttle())[absl::StrCat("/pets/", j, "/GET")];
      throttle.set_rate_limit(10);
      throttle.set_burst_limit(20);
    }
  }
  return plan;
}

v1::PatchOperation replace(std::string path, std::string value) {
  v1::PatchOperation operation;
  operation.set_op("replace");
  operation.set_path(std::move(path));
  operation.mutable_value()->set_string_value(std::move(value));
  return operation;
}

// Six operations that change something each time: the plan's limits, those of
// one method, and text.
std::vector<v1::PatchOperation> six_operations(int round) {
  const std::string n = absl::StrCat(round + 1);
  const std::string method = "/apiStages/a1b2c3d4e0:prod/throttle//pets/0/GET";
  return {replace("/description", "version " + n),
          replace("/throttle/rateLimit", n + ".5"),
          replace("/throttle/burstLimit", n),
          replace("/quota/limit", n),
          replace(method + "/rateLimit", n),
          replace(method + "/burstLimit", n)};
}

std::string name_of(const char* what, int stages, int methods) {
  return absl::StrCat(what, "/", stages, " stages of ", methods);
}

// The cost of returning the plan.
void copy_plan(benchmark::State& state, const v1::UsagePlan& plan) {
  for (auto _ : state) {
    v1::UsagePlan copy = plan;
    benchmark::DoNotOptimize(copy);
  }
}

void apply_patch(benchmark::State& state, const v1::UsagePlan& plan) {
  auto enforcer = *Enforcer::create({});
  const std::string id = enforcer->create_usage_plan(plan)->id();
  // The gateway has configured a route for each method.
  for (const v1::ApiStage& stage : plan.api_stages()) {
    for (const auto& method : stage.throttle()) {
      if (!enforcer->intern_route(stage.api_id(), stage.stage(), method.first)
               .ok()) {
        return state.SkipWithError("no route");
      }
    }
  }
  const std::vector<v1::PatchOperation> patches[2] = {six_operations(1),
                                                      six_operations(2)};
  int round = 0;
  for (auto _ : state) {
    auto patched = enforcer->apply_patch(id, patches[round]);
    if (!patched.ok()) return state.SkipWithError("refused");
    benchmark::DoNotOptimize(patched);
    round = 1 - round;
  }
}

const bool kRegistered = [] {
  const std::pair<int, int> sizes[] = {{1, 1}, {10, 20}, {100, 20}, {100, 100}};
  for (const auto& [stages, methods] : sizes) {
    const v1::UsagePlan plan = plan_of(stages, methods);
    const std::string floor = name_of("copy of the plan", stages, methods);
    benchmark::RegisterBenchmark(
        floor.c_str(),
        [plan](benchmark::State& state) { copy_plan(state, plan); });
    benchmark::RegisterBenchmark(
        name_of("apply_patch of 6", stages, methods).c_str(),
        [plan, floor](benchmark::State& state) {
          apply_patch(state, plan);
          state.SetLabel(compared_with({floor}));
        });
  }
  return true;
}();

}  // namespace
}  // namespace weir
