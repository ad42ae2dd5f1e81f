#ifndef WEIR_BASE_ROUND_UP_H_
#define WEIR_BASE_ROUND_UP_H_

#include <cstddef>

namespace weir::internal {

// The least multiple of `multiple` that is not below `n`.
constexpr std::size_t round_up(std::size_t n, std::size_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

}  // namespace weir::internal

#endif  // WEIR_BASE_ROUND_UP_H_
