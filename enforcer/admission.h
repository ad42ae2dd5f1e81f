#ifndef WEIR_ENFORCER_ADMISSION_H_
#define WEIR_ENFORCER_ADMISSION_H_

#include <cstdint>

#include "enforcer/client.h"
#include "enforcer/clock.h"
#include "enforcer/counts_places.h"
#include "enforcer/decision.h"
#include "enforcer/leases.h"
#include "enforcer/subscription.h"
#include "quota/line_source.h"

namespace weir {

// A request of `admit()`, as it is put to a client's subscriptions.
struct Admission {
  // At most this many shared subscriptions are considered.
  static constexpr int kMostShared = 4;

  Client& client;
  Subscription* shared;  // the first one that all keys draw on; or nullptr
  uint32_t route;
  bool both_throttles;  // a method's throttle adds to the plan's
  int64_t cost;
  Instant now;
  LineSource& lines;           // of buckets
  const CountsPlaces& counts;  // the keys'
  Leases* leases;              // nullptr: there are none

  // Takes from every limit, or from none, and fills in `decision`, which must
  // be as constructed. Forbidden (kNoPlan) if no plan covers the route.
  // Lock-free; reads a plan again if another thread has already used a newer
  // version. REQUIRES: the caller is inside an EpochDomain::Guard.
  void decide(Decision& decision) const noexcept;
};

}  // namespace weir

#endif  // WEIR_ENFORCER_ADMISSION_H_
