// Checks and follows the changes of an enforcer's usage plans.

#ifndef WEIR_ENFORCER_PLAN_OBSERVER_H_
#define WEIR_ENFORCER_PLAN_OBSERVER_H_

#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "weir/enforcer/route.h"
#include "weir/plan/plan_changes.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir {

// Learns of every change of a plan's document, whoever makes it, and may refuse
// it. Changes are create_usage_plan(), apply_patch(), tag_usage_plan() and
// delete_usage_plan(). Calls that leave all documents as they are (those about
// keys, imports, sharing, routes) are not observed. See
// Enforcer::add_plan_observer().
//
// An enforcer calls its observers while it holds the lock of its control plane:
//   - one call at a time, in the order in which changes take effect. Each call
//     sees what earlier ones have written, whichever threads they ran on;
//   - before the call that makes the change returns. What an observer derives
//     from a plan is thus current whenever no call is in progress.
// So the functions below should take microseconds, as all changes wait for
// them. They may allocate, and may call admit() and resolve(). They must not
// throw, and must not call the rest of the enforcer, which would deadlock.
class PlanObserver {
 public:
  // Does what Enforcer::intern_routes() does, during a call of an observer.
  using InternRoutes = absl::FunctionRef<absl::StatusOr<std::vector<Route>>(
      absl::Span<const MethodName>)>;

  virtual ~PlanObserver() = default;

  // Called once, when the observer is added: these are all plans, in no
  // particular order. It is not asked about them.
  virtual void observe_existing(absl::Span<const v1::UsagePlan* const> plans,
                                InternRoutes intern_routes);

  // Whether a plan may become as `wanted`, which is valid. An error refuses the
  // change and is what its caller gets. After OK the change may fail all the
  // same, if another observer refuses it, or if memory or the store fails: then
  // nothing has changed, and nothing is observed. Deletions are not checked.
  //
  // `changes` is the difference from the present plan: everything if the plan
  // is new, and no stages if only other members change.
  virtual absl::Status check_change(const v1::UsagePlan& wanted,
                                    const PlanChanges& changes,
                                    InternRoutes intern_routes);

  // The plan is now as `plan`, on disk if there is a store, and every later
  // admit() follows it. Directly after the check_change() that allowed it, but
  // for other observers' calls.
  virtual void observe_change(const v1::UsagePlan& plan,
                              const PlanChanges& changes,
                              InternRoutes intern_routes);

  // The plan is deleted. It had no stages.
  virtual void observe_deletion(std::string_view plan_id);
};

}  // namespace weir

#endif  // WEIR_ENFORCER_PLAN_OBSERVER_H_
