#include "weir/management/operations.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "weir/base/text.h"

namespace weir {

std::string OperationRequest::parameter(std::string_view name) const {
  return std::string(target.parameter(name).value_or(""));
}

absl::StatusOr<PageRequest> OperationRequest::page() const {
  PageRequest page{parameter("position"), 0};
  const std::string text = parameter("limit");
  std::int64_t limit = 0;
  if (!text.empty() && !absl::SimpleAtoi(text, &limit)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "limit: expected a whole number, got ", internal::excerpt(text)));
  }
  // A limit above the maximum of a page counts as the maximum.
  page.limit = static_cast<int>(
      std::clamp<std::int64_t>(limit, -1, std::numeric_limits<int>::max()));
  return page;
}

}  // namespace weir
