// Applies operations to an enforcer.

#ifndef WEIR_TESTS_TORTURE_CALLS_H_
#define WEIR_TESTS_TORTURE_CALLS_H_

#include "absl/status/status.h"
#include "weir/enforcer/enforcer.h"
#include "weir/tests/torture/world.h"

namespace weir::torture {

// Returns what the enforcer does. Nothing is done for operations that are not
// the enforcer's.
absl::Status call(Enforcer& enforcer, const Operation& operation);

}  // namespace weir::torture

#endif  // WEIR_TESTS_TORTURE_CALLS_H_
