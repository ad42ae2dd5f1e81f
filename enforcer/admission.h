#ifndef WEIR_ENFORCER_ADMISSION_H_
#define WEIR_ENFORCER_ADMISSION_H_

#include <cstdint>

#include "enforcer/clock.h"
#include "enforcer/decision.h"
#include "enforcer/subscription.h"
#include "quota/line_source.h"

namespace weir {

// What `admit()` asks of one subscription.
struct Admission {
  Subscription& subscription;
  uint32_t route;
  int64_t cost;
  Instant now;
  bool both_throttles;  // a method's throttle adds to the plan's
  LineSource& lines;

  // Takes from every limit, or from none, and says so. Forbidden (kNoPlan) if
  // the plan does not cover the route. Lock-free; reads the plan again if
  // another thread is already ahead under a newer version. REQUIRES: the caller
  // is inside an EpochDomain::Guard.
  Decision decide() noexcept;
};

}  // namespace weir

#endif  // WEIR_ENFORCER_ADMISSION_H_
