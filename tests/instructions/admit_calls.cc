// Decides a number of requests, for callgrind to count their instructions.
//
// usage: admit_calls SCENARIO ROUNDS
//
// A round is one request for each of 1,000 keys, which bring the time with
// them. With no arguments, prints the scenarios' names.

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string_view>
#include <vector>

#include "benchmarks/draws.h"
#include "benchmarks/subject.h"
#include "enforcer/clock.h"
#include "enforcer/decision.h"
#include "enforcer/enforcer.h"

namespace weir {
namespace {

constexpr uint64_t kKeys = 1'000;

struct Scenario {
  std::string_view name;
  Plan plan;
  uint64_t first_key;  // the subject has keys 0 to kKeys - 1
  Outcome expected;
};

constexpr Scenario kScenarios[] = {
    {"admitted", Plan::kAdmits, 0, Outcome::kAdmitted},
    {"throttled", Plan::kThrottles, 0, Outcome::kThrottled},
    {"over_quota", Plan::kOverQuota, 0, Outcome::kQuotaExceeded},
    {"unknown_key", Plan::kAdmits, kKeys, Outcome::kForbidden},
};

// How many of the outcomes were others than expected.
int64_t run(const Scenario& scenario, int rounds) {
  const Subject subject(kKeys, scenario.plan);
  std::vector<KeyBytes> keys;
  for (uint64_t i = 0; i < kKeys; ++i) {
    keys.push_back(key_bytes(scenario.first_key + i));
  }
  Instant now = SystemClock().now();
  int64_t surprises = 0;
  for (int round = 0; round < rounds; ++round) {
    for (const KeyBytes& key : keys) {
      now = now + 100;
      const Call call{key.view(), subject.route, 1, now};
      surprises += subject.enforcer->admit(call).outcome != scenario.expected;
    }
  }
  return surprises;
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  for (const weir::Scenario& scenario : weir::kScenarios) {
    if (argc == 1) std::cout << scenario.name << "\n";
    if (argc == 3 && scenario.name == argv[1]) {
      return weir::run(scenario, std::atoi(argv[2])) == 0 ? 0 : 1;
    }
  }
  return argc == 1 ? 0 : 2;
}
