// Observers of changes to usage plans.

#include <algorithm>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "weir/control_plane/control_lock.h"
#include "weir/control_plane/control_plane.h"
#include "weir/enforcer/plan_observer.h"

namespace weir::internal {

// What observers intern routes with.
class ControlPlane::RouteInterner {
 public:
  explicit RouteInterner(ControlPlane& plane) : plane_(plane) {}

  absl::StatusOr<std::vector<Route>> operator()(
      absl::Span<const MethodName> names) const {
    plane_.mutex_.assert_held();
    return plane_.intern_locked(names);
  }

 private:
  ControlPlane& plane_;
};

void ControlPlane::add_plan_observer(PlanObserver* observer) {
  ControlLock lock(*this, __func__);
  std::vector<const v1::UsagePlan*> plans;
  plans_.for_each([&](const PlanRecord& plan) {
    if (plan.state != PlanRecord::State::kGone) plans.push_back(&plan.document);
  });
  plan_observers_.push_back(observer);
  const RouteInterner interner(*this);
  observer->observe_existing(plans, interner);
}

void ControlPlane::remove_plan_observer(PlanObserver* observer) {
  ControlLock lock(*this, __func__);
  plan_observers_.erase(
      std::remove(plan_observers_.begin(), plan_observers_.end(), observer),
      plan_observers_.end());
}

absl::Status ControlPlane::check_change(const v1::UsagePlan& wanted,
                                        const PlanChanges& changes) {
  const RouteInterner interner(*this);
  for (PlanObserver* observer : plan_observers_) {
    auto status = observer->check_change(wanted, changes, interner);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

void ControlPlane::report_change(const v1::UsagePlan& plan,
                                 const PlanChanges& changes) {
  const RouteInterner interner(*this);
  for (PlanObserver* observer : plan_observers_) {
    observer->observe_change(plan, changes, interner);
  }
}

void ControlPlane::report_deletion(std::string_view plan_id) {
  for (PlanObserver* observer : plan_observers_) {
    observer->observe_deletion(plan_id);
  }
}

}  // namespace weir::internal
