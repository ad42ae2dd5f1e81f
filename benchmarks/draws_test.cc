#include "weir/benchmarks/draws.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace weir {
namespace {

constexpr size_t kKeys = 1'000;
constexpr int kCalls = 1 << 14;  // as many as there are draws

std::map<std::string, int> counts(Popularity popularity, uint64_t first = 0) {
  Draws draws(kKeys, popularity, first);
  Draws::Walk walk(draws, 0);
  std::map<std::string, int> counts;
  for (int i = 0; i < kCalls; ++i) ++counts[std::string(walk.next())];
  return counts;
}

int most(const std::map<std::string, int>& counts) {
  int most = 0;
  for (const auto& [key, count] : counts) most = std::max(most, count);
  return most;
}

TEST(Draws, KeysHaveFortyBytes) {
  EXPECT_EQ(key_bytes(0).view(), "a-key-of-forty-characters-10000000000000");
  EXPECT_EQ(key_bytes(9'999'999).view(),
            "a-key-of-forty-characters-10000009999999");
}

TEST(Draws, UniformOnesReachAllKeysAlike) {
  const auto drawn = counts(Popularity::kUniform);
  EXPECT_EQ(drawn.size(), kKeys);
  EXPECT_LT(most(drawn), 3 * kCalls / static_cast<int>(kKeys));
}

TEST(Draws, ZipfGivesTheFirstRankItsShare) {
  double zeta = 0;
  for (size_t i = 1; i <= kKeys; ++i) {
    zeta += std::pow(static_cast<double>(i), -0.99);
  }
  const auto drawn = counts(Popularity::kZipf);
  EXPECT_NEAR(most(drawn), kCalls / zeta, 0.1 * kCalls / zeta);
  EXPECT_GT(drawn.size(), kKeys * 9 / 10);
}

TEST(Draws, StayInTheirRange) {
  const auto drawn = counts(Popularity::kZipf, kKeys);
  EXPECT_GE(drawn.begin()->first, key_bytes(kKeys).view());
  EXPECT_LE(drawn.rbegin()->first, key_bytes(2 * kKeys - 1).view());
}

TEST(Draws, WalksGoOnWhereTheLastEnded) {
  Draws draws(kKeys, Popularity::kUniform);
  std::string_view first;
  std::string_view second;
  {
    Draws::Walk walk(draws, 0);
    first = walk.next();
    second = walk.next();
  }
  std::set<const char*> seen = {first.data(), second.data()};
  Draws::Walk other(draws, 1);
  Draws::Walk walk(draws, 0);
  EXPECT_TRUE(seen.insert(other.next().data()).second);
  EXPECT_TRUE(seen.insert(walk.next().data()).second);
}

}  // namespace
}  // namespace weir
