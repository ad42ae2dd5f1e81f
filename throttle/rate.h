#ifndef WEIR_THROTTLE_RATE_H_
#define WEIR_THROTTLE_RATE_H_

#include <cstdint>

#include "absl/status/statusor.h"

namespace weir {

// A rate as an exact fraction in lowest terms: `tokens` per `seconds`.
// *thread-compatible*
struct Rate {
  uint64_t tokens;
  uint64_t seconds;

  static constexpr double kMin = 1e-6;
  static constexpr double kMax = 1e9;

  // Returns the simplest fraction that rounds to `tokens_per_second`: 1/10 for
  // 0.1, 1/86400 for 1.0 / 86400. Users write rates as decimals and quotients,
  // and mean those, not the nearest binary fraction.
  // InvalidArgument unless the rate is 0 or within [kMin, kMax].
  static absl::StatusOr<Rate> from_double(double tokens_per_second);

  friend constexpr bool operator==(const Rate& a, const Rate& b) {
    return a.tokens == b.tokens && a.seconds == b.seconds;
  }
  friend constexpr bool operator!=(const Rate& a, const Rate& b) {
    return !(a == b);
  }
};

}  // namespace weir

#endif  // WEIR_THROTTLE_RATE_H_
