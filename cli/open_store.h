// Opens the stores that commands look into.

#ifndef WEIR_CLI_OPEN_STORE_H_
#define WEIR_CLI_OPEN_STORE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "enforcer/enforcer.h"
#include "plan/validation.h"
#include "store/store.h"

namespace weir::cli {

// The store in a folder, to be read: nothing in the folder is changed, and a
// process that uses it goes on.
absl::StatusOr<std::shared_ptr<Store>> open_to_read(const std::string& folder);

// What an enforcer with plans of these rules would be that began with the
// store.
absl::StatusOr<std::unique_ptr<Enforcer>> enforcer_of(
    std::shared_ptr<Store> store, const PlanRules& rules);

}  // namespace weir::cli

#endif  // WEIR_CLI_OPEN_STORE_H_
