// Opening of stores, for commands that read them.

#ifndef WEIR_CLI_OPEN_STORE_H_
#define WEIR_CLI_OPEN_STORE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "weir/enforcer/enforcer.h"
#include "weir/plan/validation.h"
#include "weir/store/store.h"

namespace weir::cli {

// Opens the store in a folder for reading: changes nothing in the folder, and
// does not disturb a process that uses the store.
absl::StatusOr<std::shared_ptr<Store>> open_to_read(const std::string& folder);

// An enforcer with these plan rules, started from the store.
absl::StatusOr<std::unique_ptr<Enforcer>> enforcer_of(
    std::shared_ptr<Store> store, const PlanRules& rules);

}  // namespace weir::cli

#endif  // WEIR_CLI_OPEN_STORE_H_
