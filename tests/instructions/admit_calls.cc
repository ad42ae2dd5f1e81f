// Decides a number of requests, for callgrind to count their instructions.
//
// usage: admit_calls SCENARIO ROUNDS
//
// A round is one request for each of 1,000 keys, which bring the time with
// them. With no arguments, prints the scenarios' names.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "weir/base/clock.h"
#include "weir/benchmarks/draws.h"
#include "weir/benchmarks/subject.h"
#include "weir/enforcer/decision.h"
#include "weir/enforcer/enforcer.h"

namespace weir {
namespace {

constexpr uint64_t kKeys = 1'000;

enum class Manner {
  kSingle,
  kHandle,  // the client is known already
  kBatch,   // ten at a time
};

struct Scenario {
  std::string_view name;
  Plan plan;
  Outcome expected;
  uint64_t first_key = 0;  // the subject has keys 0 to kKeys - 1
  Manner manner = Manner::kSingle;
};

constexpr Scenario kScenarios[] = {
    {"admitted", Plan::kAdmits, Outcome::kAdmitted},
    {"throttled", Plan::kThrottles, Outcome::kThrottled},
    {"over_quota", Plan::kOverQuota, Outcome::kQuotaExceeded},
    {"unknown_key", Plan::kAdmits, Outcome::kForbidden, kKeys},
    {"handle", Plan::kAdmits, Outcome::kAdmitted, 0, Manner::kHandle},
    {"batch", Plan::kAdmits, Outcome::kAdmitted, 0, Manner::kBatch},
};

constexpr size_t kBatch = 10;

// How many of the outcomes were others than expected.
int64_t run(const Scenario& scenario, int rounds) {
  const Subject subject(kKeys, scenario.plan);
  std::vector<KeyBytes> keys;
  for (uint64_t i = 0; i < kKeys; ++i) {
    keys.push_back(key_bytes(scenario.first_key + i));
  }
  std::vector<Call> calls;
  for (const KeyBytes& key : keys) {
    Call& call = calls.emplace_back(Call{key.view(), subject.route});
    if (scenario.manner == Manner::kHandle) {
      call.client = subject.enforcer->resolve(key.view());
    }
  }
  Instant now = SystemClock().now();
  std::array<Decision, kBatch> decisions;
  int64_t surprises = 0;
  for (int round = 0; round < rounds; ++round) {
    for (size_t i = 0; i < kKeys; i += kBatch) {
      const absl::Span<Call> some = absl::MakeSpan(calls).subspan(i, kBatch);
      now = now + 1'000;
      for (Call& call : some) call.now = now;
      if (scenario.manner == Manner::kBatch) {
        subject.enforcer->admit(some, absl::MakeSpan(decisions));
      } else {
        for (size_t j = 0; j < kBatch; ++j) {
          decisions[j] = subject.enforcer->admit(some[j]);
        }
      }
      for (const Decision& decision : decisions) {
        surprises += decision.outcome != scenario.expected;
      }
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
