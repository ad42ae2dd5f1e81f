// Benchmarks what the C interface adds to a decision: see tools/bench_c_api.

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "weir/benchmarks/c_api_keys.h"
#include "weir/weir.h"

namespace weir {
namespace {

void admit_by_c(benchmark::State& state) {
  weir_enforcer* enforcer = nullptr;
  const auto check = [](weir_code code) {
    if (code != WEIR_OK) std::abort();
  };
  check(weir_open(nullptr, &enforcer, nullptr));
  check(weir_create_usage_plan(enforcer, kPlan, std::strlen(kPlan), nullptr));
  const std::vector<std::string> values = all_values();
  std::string keys;
  for (const std::string& value : values) {
    absl::StrAppend(&keys, keys.empty() ? "[" : ",", R"({"value":")", value,
                    R"(","enabled":true})");
  }
  keys += "]";
  check(weir_import_api_keys(enforcer, keys.data(), keys.size(), "p", 1,
                             nullptr));
  weir_route route = 0;
  check(weir_intern_route(enforcer, "api", 3, "prod", 4, "/pets/GET", 9, &route,
                          nullptr));
  Draw draw;
  weir_decision decision = {};
  decision.size = sizeof(decision);
  for (auto _ : state) {
    const std::string& value = values[draw.next()];
    if (weir_admit(enforcer, value.data(), value.size(), route, 1, &decision) !=
        WEIR_ADMITTED) {
      std::abort();
    }
  }
  weir_close(enforcer);
}

BENCHMARK(admit_by_c);

}  // namespace
}  // namespace weir

BENCHMARK_MAIN();
