#include "weir/throttle/rate.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <random>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

TEST(Rate, IsTheFractionThatWasMeant) {
  struct {
    double rate;
    Rate expected;
  } const cases[] = {
      {0, {0, 1}},
      {1, {1, 1}},
      {0.1, {1, 10}},
      {0.3, {3, 10}},
      {2.5, {5, 2}},
      {1.0 / 3, {1, 3}},
      {1.0 / 60, {1, 60}},
      {1.0 / 86400, {1, 86400}},
      {100.0 / 86400, {1, 864}},
      {333.3, {3333, 10}},
      {700000, {700000, 1}},
      {12345.678, {6172839, 500}},
      {1e-6, {1, 1000000}},
      {1e9, {1000000000, 1}},
      {999999999.5, {1999999999, 2}},
  };
  for (const auto& c : cases) {
    const auto rate = Rate::from_double(c.rate);
    ASSERT_TRUE(rate.ok()) << rate.status();
    EXPECT_EQ(*rate, c.expected)
        << c.rate << " became " << rate->tokens << "/" << rate->seconds;
  }
}

TEST(Rate, IsEqualToTheSameFractionAlone) {
  EXPECT_EQ((Rate{1, 10}), (Rate{1, 10}));
  EXPECT_NE((Rate{1, 10}), (Rate{1, 100}));
  EXPECT_NE((Rate{1, 10}), (Rate{2, 10}));
}

TEST(Rate, RoundsBackToTheSameDouble) {
  const char* given = std::getenv("WEIR_TEST_SEED");
  const uint64_t seed = given ? std::strtoull(given, nullptr, 10) : 1;
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> exponent(-6, 9);
  for (int i = 0; i < 100'000; ++i) {
    double x = std::min(std::pow(10, exponent(random)), Rate::kMax);
    if (i % 2 == 0) {  // A neighbor of a simple number: the hardest case.
      x = std::nextafter(std::max(1.0, std::round(x)), i % 4 == 0 ? 0 : 1e300);
      x = std::min(x, Rate::kMax);
    }
    if (x < Rate::kMin) continue;
    const auto rate = Rate::from_double(x);
    ASSERT_TRUE(rate.ok()) << rate.status();
    ASSERT_EQ(std::gcd(rate->tokens, rate->seconds), 1u);
    // Both are exact as doubles, so that the quotient is rounded only once.
    ASSERT_LE(std::max(rate->tokens, rate->seconds), uint64_t{1} << 53);
    ASSERT_EQ(static_cast<double>(rate->tokens) / rate->seconds, x)
        << "seed " << seed << ", rate " << rate->tokens << "/" << rate->seconds;
  }
}

TEST(Rate, NoSimplerFractionRoundsToTheSameDouble) {
  for (uint64_t seconds = 1; seconds < 200; ++seconds) {
    for (uint64_t tokens = 1; tokens < 200; ++tokens) {
      const uint64_t g = std::gcd(tokens, seconds);
      const auto rate =
          Rate::from_double(static_cast<double>(tokens) / seconds);
      ASSERT_TRUE(rate.ok());
      EXPECT_EQ(*rate, (Rate{tokens / g, seconds / g}));
    }
  }
}

TEST(Rate, RefusesWhatIsNoRate) {
  const double kInfinity = std::numeric_limits<double>::infinity();
  for (const double x : {-1.0, -1e-300, 1e-300, 0.99e-6, 1.000001e9, kInfinity,
                         -kInfinity, std::nan("")}) {
    const auto rate = Rate::from_double(x);
    EXPECT_EQ(rate.status().code(), absl::StatusCode::kInvalidArgument) << x;
  }
  EXPECT_EQ(
      Rate::from_double(-1).status().message(),
      "a rate must be 0 or from 1e-06 to 1e+09 tokens per second, not -1");
}

}  // namespace
}  // namespace weir
