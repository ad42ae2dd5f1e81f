// What the C interface adds to a decision: admit() of the library that is
// linked in, and weir_admit() of libweir.so, in one run.
//
// usage: c_api LIBWEIR_SO [FLAGS OF GOOGLE BENCHMARK]

#include <dlfcn.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "enforcer/enforcer.h"
#include "plan/plan_json.h"
#include "proto/api_key.pb.h"
#include "weir/weir.h"

namespace weir {
namespace {

constexpr char kPlan[] = R"({"id": "p", "name": "p",
    "apiStages": [{"apiId": "api", "stage": "prod", "throttle": {
        "/pets/GET": {"rateLimit": 1e9, "burstLimit": 2000000000}}}],
    "throttle": {"rateLimit": 1e9, "burstLimit": 2000000000},
    "quota": {"limit": 2000000000, "period": "DAY"}})";
constexpr size_t kKeys = 1000;

std::string value_of(size_t key) {
  return absl::StrCat("a-key-of-32-characters-", 100'000'000 + key);
}

// One after another in an order that processors do not foresee.
class Draw {
 public:
  size_t next() {
    state_ = state_ * 6364136223846793005 + 1442695040888963407;
    return static_cast<size_t>(state_ >> 33) % kKeys;
  }

 private:
  uint64_t state_ = 1;
};

std::vector<std::string> all_values() {
  std::vector<std::string> values;
  for (size_t i = 0; i < kKeys; ++i) values.push_back(value_of(i));
  return values;
}

void run_cpp(benchmark::State& state) {
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

// A function of the library.
template <class Function>
Function* function(void* library, const char* name) {
  auto* const found = reinterpret_cast<Function*>(dlsym(library, name));
  if (found == nullptr) {
    std::fprintf(stderr, "c_api: %s\n", dlerror());
    std::exit(1);
  }
  return found;
}
#define WEIR_FUNCTION(name) function<decltype(name)>(library, #name)

void run_c(benchmark::State& state, void* library) {
  weir_enforcer* enforcer = nullptr;
  const auto check = [](weir_code code) {
    if (code != WEIR_OK) std::abort();
  };
  check(WEIR_FUNCTION(weir_open)(nullptr, &enforcer, nullptr));
  check(WEIR_FUNCTION(weir_create_usage_plan)(enforcer, kPlan,
                                              std::strlen(kPlan), nullptr));
  const std::vector<std::string> values = all_values();
  std::string keys;
  for (const std::string& value : values) {
    absl::StrAppend(&keys, keys.empty() ? "[" : ",", R"({"value":")", value,
                    R"(","enabled":true})");
  }
  keys += "]";
  check(WEIR_FUNCTION(weir_import_api_keys)(enforcer, keys.data(), keys.size(),
                                            "p", 1, nullptr));
  weir_route route = 0;
  check(WEIR_FUNCTION(weir_intern_route)(enforcer, "api", 3, "prod", 4,
                                         "/pets/GET", 9, &route, nullptr));
  auto* const admit = WEIR_FUNCTION(weir_admit);
  Draw draw;
  weir_decision decision = {};
  decision.size = sizeof(decision);
  for (auto _ : state) {
    const std::string& value = values[draw.next()];
    if (admit(enforcer, value.data(), value.size(), route, 1, &decision) !=
        WEIR_ADMITTED) {
      std::abort();
    }
  }
  WEIR_FUNCTION(weir_close)(enforcer);
}

int run(int argc, char** argv) {
  void* const library = argc < 2 ? nullptr : dlopen(argv[1], RTLD_NOW);
  if (library == nullptr) {
    std::fprintf(stderr, "usage: c_api LIBWEIR_SO\n%s\n",
                 argc < 2 ? "" : dlerror());
    return 2;
  }
  benchmark::RegisterBenchmark("admit()/C++", run_cpp);
  benchmark::RegisterBenchmark("weir_admit()/libweir.so", run_c, library);
  --argc;
  ++argv;
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) { return weir::run(argc, argv); }
