// How the management interface was used, for monitoring.

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

// Counts calls of the management interface by operation and class of status,
// and by nothing that clients choose. *thread-safe*
class ManagementCounters {
 public:
  // What calls of other operations count as.
  static constexpr char kUnknown[] = "Unknown";

  // An operation of our own, beside API Gateway's.
  static constexpr char kRefusedKeys[] = "GetRefusedKeys";

  // For these operations, and kUnknown: by default API Gateway's and our own.
  ManagementCounters();
  explicit ManagementCounters(absl::Span<const char* const> operations);

  // `operation` is "UpdateUsagePlan", for instance. Does not lock or allocate.
  void count(std::string_view operation, int status) noexcept;

  // Calls `visit` for each operation and class, "2xx" to "5xx": a moment's
  // numbers.
  void for_each(absl::FunctionRef<void(std::string_view operation,
                                       std::string_view status, int64_t calls)>
                    visit) const;

 private:
  struct Row {
    std::array<std::atomic<int64_t>, 4> by_class{};
  };

  // As many as there were at first.
  std::map<std::string, Row, std::less<>> by_operation_;
};

}  // namespace weir

#endif  // WEIR_SERVE_MANAGEMENT_COUNTERS_H_
