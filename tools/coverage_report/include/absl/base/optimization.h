// Found before Abseil's own header when tools/coverage builds. What macros of
// the system's headers expand to, clang does not count, nor the conditions
// given to them; but it counts the arguments of functions, and what is made of
// their results.

#ifndef WEIR_TOOLS_COVERAGE_REPORT_INCLUDE_ABSL_BASE_OPTIMIZATION_H_
#define WEIR_TOOLS_COVERAGE_REPORT_INCLUDE_ABSL_BASE_OPTIMIZATION_H_

#include_next "absl/base/optimization.h"

#undef ABSL_PREDICT_TRUE
#undef ABSL_PREDICT_FALSE

template <typename Condition>
constexpr bool ABSL_PREDICT_TRUE(const Condition& condition) {
  return static_cast<bool>(condition);
}

template <typename Condition>
constexpr bool ABSL_PREDICT_FALSE(const Condition& condition) {
  return static_cast<bool>(condition);
}

#endif  // WEIR_TOOLS_COVERAGE_REPORT_INCLUDE_ABSL_BASE_OPTIMIZATION_H_
