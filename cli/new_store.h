// Creation of stores, for the commands that make one from other data.

#ifndef WEIR_CLI_NEW_STORE_H_
#define WEIR_CLI_NEW_STORE_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "weir/plan/validation.h"
#include "weir/store/store.h"

namespace weir::cli {

// Makes a store in the empty `folder`, calls `fill` to fill it, and checks that
// an enforcer with these plan rules can start from it. InvalidArgument if it
// cannot; the errors of `fill` and of the store.
absl::Status make_store(const std::string& folder, const PlanRules& rules,
                        absl::FunctionRef<absl::Status(Store&)> fill);

}  // namespace weir::cli

#endif  // WEIR_CLI_NEW_STORE_H_
