#include "weir/benchmarks/histogram.h"

#include <cstdint>
#include <limits>

#include "gtest/gtest.h"

namespace weir {
namespace {

TEST(Histogram, IsEmptyAtFirst) {
  const Histogram histogram;
  EXPECT_EQ(histogram.total(), 0u);
  EXPECT_EQ(histogram.percentile(0.5), 0u);
}

TEST(Histogram, SmallValuesAreExact) {
  Histogram histogram;
  for (uint64_t i = 1; i <= 50; ++i) histogram.add(i);
  EXPECT_EQ(histogram.percentile(0.5), 25u);
  EXPECT_EQ(histogram.percentile(0.98), 49u);
  EXPECT_EQ(histogram.percentile(1), 50u);
}

TEST(Histogram, LargeValuesAreRightToThreePercent) {
  for (uint64_t value = 64; value < uint64_t{1} << 62; value += value / 7) {
    Histogram histogram;
    histogram.add(value);
    histogram.add(std::numeric_limits<uint64_t>::max());
    const uint64_t median = histogram.percentile(0.5);
    EXPECT_GE(median, value);
    EXPECT_LE(median, value + value / 32);
  }
}

TEST(Histogram, FindsTheTail) {
  Histogram histogram;
  for (int i = 0; i < 9'990; ++i) histogram.add(10);
  for (int i = 0; i < 10; ++i) histogram.add(20);
  EXPECT_EQ(histogram.percentile(0.999), 10u);
  EXPECT_EQ(histogram.percentile(0.9991), 20u);
  EXPECT_EQ(histogram.max(), 20u);
}

TEST(Histogram, MergesCounts) {
  Histogram a;
  Histogram b;
  a.add(1);
  b.add(1'000);
  a.merge(b);
  EXPECT_EQ(a.total(), 2u);
  EXPECT_EQ(a.percentile(0.5), 1u);
  EXPECT_EQ(a.max(), 1'000u);
}

}  // namespace
}  // namespace weir
