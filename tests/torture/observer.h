// Observes an enforcer's entire visible state.

#ifndef WEIR_TESTS_TORTURE_OBSERVER_H_
#define WEIR_TESTS_TORTURE_OBSERVER_H_

#include <array>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "weir/enforcer/enforcer.h"
#include "weir/enforcer/route.h"
#include "weir/proto/usage.pb.h"
#include "weir/quota/calendar.h"
#include "weir/tests/torture/observation.pb.h"
#include "weir/tests/torture/shared_pages.h"

namespace weir::torture {

using Routes = std::array<Route, kPlans>;

absl::StatusOr<Routes> routes_of(Enforcer& enforcer);

// What a request of cost 0 is told.
Look look_at(Enforcer& enforcer, const Routes& routes, int key, int plan);

// What the key used of the plan, and what remained, by day.
absl::StatusOr<std::vector<v1::DailyUsage>> usage_of(const Enforcer& enforcer,
                                                     int plan, int key,
                                                     Day first, Day last);

// Everything, with the usage of `days` days up to today. With `find_shared`,
// tries which plans are shared, by sharing them once more.
absl::StatusOr<Observation> observe(Enforcer& enforcer, const Routes& routes,
                                    Day today, int days, bool find_shared);

}  // namespace weir::torture

#endif  // WEIR_TESTS_TORTURE_OBSERVER_H_
