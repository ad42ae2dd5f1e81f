#include "weir/serve/management_counters.h"

#include <algorithm>
#include <functional>

namespace weir {
namespace {

constexpr const char* kOperations[] = {
    "CreateApiKey",     "CreateUsagePlan", "CreateUsagePlanKey",
    "DeleteApiKey",     "DeleteUsagePlan", "DeleteUsagePlanKey",
    "GetApiKey",        "GetApiKeys",      "GetTags",
    "GetUsage",         "GetUsagePlan",    "GetUsagePlanKey",
    "GetUsagePlanKeys", "GetUsagePlans",   "ImportApiKeys",
    "TagResource",      "UntagResource",   "UpdateApiKey",
    "UpdateUsage",      "UpdateUsagePlan", ManagementCounters::kRefusedKeys,
};
constexpr const char* kClasses[] = {"2xx", "3xx", "4xx", "5xx"};

}  // namespace

ManagementCounters::ManagementCounters() : ManagementCounters(kOperations) {}

ManagementCounters::ManagementCounters(
    absl::Span<const char* const> operations) {
  for (const char* operation : operations) by_operation_[operation];
  by_operation_[kUnknown];
}

void ManagementCounters::count(std::string_view operation,
                               int status) noexcept {
  auto row = by_operation_.find(operation);
  if (row == by_operation_.end()) row = by_operation_.find(kUnknown);
  // Relaxed: the counter publishes nothing.
  row->second.by_class[std::clamp(status / 100, 2, 5) - 2].fetch_add(
      1, std::memory_order_relaxed);
}

void ManagementCounters::for_each(
    absl::FunctionRef<void(std::string_view, std::string_view, int64_t)> visit)
    const {
  for (const auto& [operation, row] : by_operation_) {
    for (size_t i = 0; i < row.by_class.size(); ++i) {
      // Relaxed: as above.
      visit(operation, kClasses[i],
            row.by_class[i].load(std::memory_order_relaxed));
    }
  }
}

}  // namespace weir
