// Counters of the management interface, for monitoring.

#ifndef WEIR_SERVE_MANAGEMENT_COUNTERS_H_
#define WEIR_SERVE_MANAGEMENT_COUNTERS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"

namespace weir {

// Counts calls of the management interface by operation and status class, and
// by nothing that clients choose. *thread-safe*
class ManagementCounters {
 public:
  // The name under which calls of other operations are counted.
  static constexpr char kUnknown[] = "Unknown";

  // Our own operation, in addition to API Gateway's.
  static constexpr char kRefusedKeys[] = "GetRefusedKeys";

  // Counts these operations and kUnknown. By default, API Gateway's and ours.
  ManagementCounters();
  explicit ManagementCounters(absl::Span<const char* const> operations);

  // `operation` is "UpdateUsagePlan", for instance. Does not lock or allocate.
  void count(std::string_view operation, int status) noexcept;

  // Calls `visit` with the current count of each operation and class, "2xx" to
  // "5xx".
  void for_each(absl::FunctionRef<void(std::string_view operation,
                                       std::string_view status, int64_t calls)>
                    visit) const;

 private:
  struct Row {
    std::array<std::atomic<int64_t>, 4> by_class{};
  };

  // Its keys do not change after construction.
  std::map<std::string, Row, std::less<>> by_operation_;
};

}  // namespace weir

#endif  // WEIR_SERVE_MANAGEMENT_COUNTERS_H_
