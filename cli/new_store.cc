#include "weir/cli/new_store.h"

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "weir/cli/open_store.h"
#include "weir/store/sqlite_store.h"

namespace weir::cli {

absl::Status make_store(const std::string& folder, const PlanRules& rules,
                        absl::FunctionRef<absl::Status(Store&)> fill) {
  auto store = SqliteStore::open(folder);
  if (!store.ok()) return store.status();
  const absl::Status status = fill(**store);
  if (!status.ok()) return status;
  store->reset();
  auto made = open_to_read(folder);
  if (!made.ok()) return made.status();
  const auto enforcer = enforcer_of(*std::move(made), rules);
  return enforcer.ok()
             ? absl::OkStatus()
             : absl::InvalidArgumentError(enforcer.status().message());
}

}  // namespace weir::cli
