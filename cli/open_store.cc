#include "weir/cli/open_store.h"

#include <utility>

#include "weir/store/sqlite_store.h"

namespace weir::cli {

absl::StatusOr<std::shared_ptr<Store>> open_to_read(const std::string& folder) {
  SqliteStore::Options options;
  options.read_only = true;
  return SqliteStore::open(folder, options);
}

absl::StatusOr<std::unique_ptr<Enforcer>> enforcer_of(
    std::shared_ptr<Store> store, const PlanRules& rules) {
  Options options;
  options.store = std::move(store);
  options.quota_offset = rules.quota_offset;
  return Enforcer::create(std::move(options));
}

}  // namespace weir::cli
