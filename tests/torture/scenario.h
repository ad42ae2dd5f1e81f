// Generates the operator's operations of a round.

#ifndef WEIR_TESTS_TORTURE_SCENARIO_H_
#define WEIR_TESTS_TORTURE_SCENARIO_H_

#include <vector>

#include "weir/tests/torture/model.h"
#include "weir/tests/torture/world.h"

namespace weir::torture {

// Up to `count` operations, beginning with what `model` is; most of them
// succeed. They take up to 50 days of simulated time. An empty world is
// furnished first.
std::vector<Operation> think_up(Model model, int count, Random& random);

}  // namespace weir::torture

#endif  // WEIR_TESTS_TORTURE_SCENARIO_H_
