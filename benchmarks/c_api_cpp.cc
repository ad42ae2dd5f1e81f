// The baseline of benchmarks/c_api.cc: admit() called from C++.

#include <cstdlib>
#include <string>
#include <vector>

#include "benchmark/benchmark.h"
#include "weir/benchmarks/c_api_keys.h"
#include "weir/enforcer/enforcer.h"
#include "weir/plan/plan_json.h"
#include "weir/proto/api_key.pb.h"

namespace weir {
namespace {

void admit(benchmark::State& state) {
  const auto enforcer = *Enforcer::create();
  enforcer->create_usage_plan(*usage_plan_from_json(kPlan)).value();
  const std::vector<std::string> values = all_values();
  std::vector<v1::ApiKey> keys(kKeys);
  for (size_t i = 0; i < kKeys; ++i) {
    keys[i].set_value(values[i]);
    keys[i].set_enabled(true);
  }
  enforcer->import_api_keys(keys, "p").value();
  const Route route = *enforcer->intern_route("api", "prod", "/pets/GET");
  Draw draw;
  for (auto _ : state) {
    const Decision decision = enforcer->admit({values[draw.next()], route});
    if (!decision.admitted()) std::abort();
  }
}

BENCHMARK(admit);

}  // namespace
}  // namespace weir
