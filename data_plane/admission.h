#ifndef WEIR_DATA_PLANE_ADMISSION_H_
#define WEIR_DATA_PLANE_ADMISSION_H_

#include <cstdint>

#include "weir/base/clock.h"
#include "weir/data_plane/client.h"
#include "weir/data_plane/counts_locator.h"
#include "weir/data_plane/lease_manager.h"
#include "weir/data_plane/subscription.h"
#include "weir/enforcer/decision.h"
#include "weir/memory/line_source.h"

namespace weir::internal {

// A request of `admit()`, as it is put to a client's subscriptions.
struct Admission {
  // At most this many shared subscriptions are considered.
  static constexpr int kMaxShared = 4;

  Client& client;
  Subscription* shared;  // the first one that all keys draw on; or nullptr
  uint32_t route;
  bool both_throttles;  // a method's throttle adds to the plan's
  int64_t cost;
  Instant now;
  LineSource& lines;            // of buckets
  const CountsLocator& counts;  // the keys'
  LeaseManager* leases;         // nullptr: there are none

  // Takes from every limit, or from none, and fills in `decision`, which must
  // be as constructed. Forbidden (kNoPlan) if no plan covers the route.
  // Lock-free; reads a plan again if another thread has already used a newer
  // version. REQUIRES: the caller is inside an EpochDomain::Guard.
  void decide(Decision& decision) const noexcept;
};

}  // namespace weir::internal

#endif  // WEIR_DATA_PLANE_ADMISSION_H_
