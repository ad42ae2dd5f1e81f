// Usage plans for tests.

#ifndef WEIR_PLAN_TESTING_PLAN_SAMPLES_H_
#define WEIR_PLAN_TESTING_PLAN_SAMPLES_H_

#include <cstdint>
#include <random>
#include <string>

#include "weir/proto/usage_plan.pb.h"

namespace weir {

// The seed of a property test: WEIR_TEST_SEED from the environment, or else
// `default_seed`, so that runs are reproducible.
std::uint64_t test_seed(std::uint64_t default_seed);

// A plan that validation accepts under either reading of offsets, with values
// at and between the ends of their ranges.
v1::UsagePlan random_plan(std::mt19937_64* random);

// Serializes `plan` to bytes that are equal if and only if plans are.
std::string plan_bytes(const v1::UsagePlan& plan);

}  // namespace weir

#endif  // WEIR_PLAN_TESTING_PLAN_SAMPLES_H_
