#ifndef WEIR_DATA_PLANE_SUBSCRIPTION_H_
#define WEIR_DATA_PLANE_SUBSCRIPTION_H_

#include <atomic>

#include "weir/data_plane/method_buckets.h"
#include "weir/plan/compiled_plan.h"
#include "weir/quota/counts.h"
#include "weir/throttle/token_bucket.h"

namespace weir::internal {

// Where a plan's current version is published: stored with release by the
// control plane, loaded with acquire by `admit()`.
struct PlanCell {
  std::atomic<const CompiledPlan*> plan;
};

// One key's state under one plan. Lives in the arena.
struct Subscription {
  std::atomic<Subscription*> next;  // of the same client; stored with release
  MethodBuckets methods;
  // nullptr: none at present. Stored with release.
  std::atomic<const PlanCell*> cell;
  TokenBucket bucket;  // of the plan's own throttle
  Counts own_counts;   // unless they are elsewhere: see CountsLocator
};

}  // namespace weir::internal

#endif  // WEIR_DATA_PLANE_SUBSCRIPTION_H_
