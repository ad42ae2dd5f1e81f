#ifndef WEIR_DATA_PLANE_CURRENT_CLOCK_H_
#define WEIR_DATA_PLANE_CURRENT_CLOCK_H_

#include <atomic>
#include <cstdint>

#include "weir/data_plane/subscription.h"
#include "weir/plan/compiled_plan.h"
#include "weir/throttle/token_clock.h"

namespace weir::internal {

// Identifies one of a plan's throttles: that of a route's method, or the plan's
// own.
struct ThrottlePlace {
  bool is_method;
  uint32_t slot;  // of the method's bucket
};

// The clock of that throttle in the plan's current version; nullptr if the
// throttle is gone, and its debt with it. REQUIRES: inside an
// EpochDomain::Guard, or in the control plane.
inline const TokenClock* current_clock(const PlanCell& cell, uint32_t route,
                                       ThrottlePlace place) noexcept {
  // Acquire: pairs with the release of the publication.
  const CompiledPlan* plan = cell.plan.load(std::memory_order_acquire);
  if (!place.is_method) {
    return plan->throttle() == nullptr ? nullptr : &plan->throttle()->clock;
  }
  const CompiledPlan::Rule rule = plan->rule(route);
  if (rule < CompiledPlan::kFirstMethod ||
      plan->method(rule).slot != place.slot) {
    return nullptr;
  }
  return &plan->method(rule).clock;
}

// The same for a debt: nullptr also if the throttle was removed and is back
// since, full. `greatest` is at least the word in which the debt is, or would
// be: see `TokenClock::greatest()`.
inline const TokenClock* current_clock(const PlanCell& cell, uint32_t route,
                                       ThrottlePlace place,
                                       uint64_t greatest) noexcept {
  const TokenClock* clock = current_clock(cell, route, place);
  return clock != nullptr && clock->owes(greatest) ? clock : nullptr;
}

}  // namespace weir::internal

#endif  // WEIR_DATA_PLANE_CURRENT_CLOCK_H_
