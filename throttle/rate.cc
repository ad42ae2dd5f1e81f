#include "weir/throttle/rate.h"

#include <cmath>
#include <limits>

#include "absl/numeric/int128.h"
#include "absl/status/status.h"
#include "absl/strings/str_format.h"

namespace weir {
namespace {

struct Fraction {
  absl::uint128 numerator;
  absl::uint128 denominator;  // 0 stands for infinity.
};

// Returns the fraction of least denominator strictly between `low` and `high`.
// Descends their common continued fraction until an integer lies between the
// tails.
Fraction simplest_between(Fraction low, Fraction high) {
  const absl::uint128 whole = low.numerator / low.denominator;
  if ((whole + 1) * high.denominator < high.numerator) return {whole + 1, 1};
  // Both are whole + 1/x with x at least 1; the order of the x's is reversed.
  const Fraction inverse = simplest_between(
      {high.denominator, high.numerator - whole * high.denominator},
      {low.denominator, low.numerator - whole * low.denominator});
  return {whole * inverse.numerator + inverse.denominator, inverse.numerator};
}

// Returns the exact midpoint of two adjacent doubles. Every accepted rate and
// its neighbors are integral multiples of 2^-73 below 2^30, so their halves are
// multiples of 2^-74 and fit.
Fraction midpoint(double a, double b) {
  constexpr int kScale = 74;
  const auto scaled = [](double x) {
    int exponent;
    const double mantissa = std::frexp(x, &exponent);
    return absl::uint128(static_cast<uint64_t>(std::ldexp(mantissa, 53)))
           << (exponent - 53 + kScale - 1);
  };
  return {scaled(a) + scaled(b), absl::uint128(1) << kScale};
}

}  // namespace

absl::StatusOr<Rate> Rate::from_double(double tokens_per_second) {
  if (tokens_per_second == 0) return Rate{0, 1};
  if (!(tokens_per_second >= kMin && tokens_per_second <= kMax)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "a rate must be 0 or from %g to %g tokens per second, not %g", kMin,
        kMax, tokens_per_second));
  }
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double below = std::nextafter(tokens_per_second, 0);
  const double above = std::nextafter(tokens_per_second, kInfinity);
  const Fraction simplest = simplest_between(
      midpoint(below, tokens_per_second), midpoint(tokens_per_second, above));
  return Rate{absl::Uint128Low64(simplest.numerator),
              absl::Uint128Low64(simplest.denominator)};
}

}  // namespace weir
