#ifndef WEIR_TESTS_LINEARIZABILITY_ROUNDS_H_
#define WEIR_TESTS_LINEARIZABILITY_ROUNDS_H_

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>

#include "gtest/gtest.h"
#include "weir/tests/linearizability/team.h"

namespace weir::testing {

inline int64_t from_environment(const char* name, int64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoll(text, nullptr, 10);
}

// Calls `round(team)` for WEIR_TEST_SECONDS, or until something fails, with a
// team of `members` that WEIR_TEST_SEED decides. What the processors make of it
// is not repeatable, what the members try is.
template <class Round>
void play_rounds(int members, Round round) {
  const int64_t seed = from_environment("WEIR_TEST_SEED", 20'260'101);
  SCOPED_TRACE("WEIR_TEST_SEED=" + std::to_string(seed));
  const std::chrono::seconds given(from_environment("WEIR_TEST_SECONDS", 0));
  const auto end = std::chrono::steady_clock::now() +
                   std::max<std::chrono::milliseconds>(
                       given, std::chrono::milliseconds(600));
  Team team(members, seed);
  int64_t rounds = 0;
  while (std::chrono::steady_clock::now() < end &&
         !::testing::Test::HasFailure()) {
    round(team);
    ++rounds;
  }
  std::cout << rounds << " histories checked\n";
}

}  // namespace weir::testing

#endif  // WEIR_TESTS_LINEARIZABILITY_ROUNDS_H_
