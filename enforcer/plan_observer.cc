#include "weir/enforcer/plan_observer.h"

namespace weir {

void PlanObserver::observe_existing(absl::Span<const v1::UsagePlan* const>,
                                    InternRoutes) {}

absl::Status PlanObserver::check_change(const v1::UsagePlan&,
                                        const PlanChanges&, InternRoutes) {
  return absl::OkStatus();
}

void PlanObserver::observe_change(const v1::UsagePlan&, const PlanChanges&,
                                  InternRoutes) {}

void PlanObserver::observe_deletion(std::string_view) {}

}  // namespace weir
