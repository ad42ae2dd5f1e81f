// Makes stores, for commands that read them from elsewhere.

#ifndef WEIR_CLI_NEW_STORE_H_
#define WEIR_CLI_NEW_STORE_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "plan/validation.h"
#include "store/store.h"

namespace weir::cli {

// Makes a store in `folder`, which is empty, of what `fill` puts into it, and
// looks whether an enforcer with plans of these rules can begin with it.
// InvalidArgument if it cannot; the errors of `fill` and of the store.
absl::Status make_store(const std::string& folder, const PlanRules& rules,
                        absl::FunctionRef<absl::Status(Store&)> fill);

}  // namespace weir::cli

#endif  // WEIR_CLI_NEW_STORE_H_
