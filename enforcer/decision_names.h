// The names of outcomes and limits in metrics and logs.

#ifndef WEIR_ENFORCER_DECISION_NAMES_H_
#define WEIR_ENFORCER_DECISION_NAMES_H_

#include <array>
#include <cstddef>

#include "weir/enforcer/decision.h"

namespace weir {

inline constexpr size_t kOutcomes = 4;
// By `Outcome`.
inline constexpr std::array<const char*, kOutcomes> kOutcomeNames = {
    "admitted", "throttled", "quota_exceeded", "forbidden"};

// By `Limit`; "" for kNone.
inline constexpr std::array<const char*, 6> kLimitNames = {
    "",      "throttle",        "method_throttle",
    "quota", "shared_throttle", "shared_method_throttle"};

constexpr const char* name_of(Outcome outcome) {
  return kOutcomeNames[static_cast<size_t>(outcome)];
}
constexpr const char* name_of(Limit limit) {
  return kLimitNames[static_cast<size_t>(limit)];
}

}  // namespace weir

#endif  // WEIR_ENFORCER_DECISION_NAMES_H_
