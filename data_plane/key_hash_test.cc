#include "weir/data_plane/key_hash.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace weir::internal {
namespace {

TEST(KeyHash, OneObjectIsOneFunctionAndTwoAreTwo) {
  const KeyHash a;
  const KeyHash b;
  const std::string key = "a-key-of-some-length";
  const std::string copy = key;
  EXPECT_EQ(a(key), a(copy));
  int equal = 0;
  for (int i = 0; i < 100; ++i) {
    const std::string other = absl::StrCat(key, i);
    equal += a(other) == b(other);
  }
  EXPECT_LE(equal, 2);
}

// Each byte counts, at every length, even where words overlap.
TEST(KeyHash, EveryByteCounts) {
  const KeyHash hash;
  int collisions = 0;
  for (size_t size = 0; size <= kMaxKey; ++size) {
    const std::string key(size, 'k');
    for (size_t i = 0; i < size; ++i) {
      std::string other = key;
      other[i] ^= 1;
      collisions += hash(other) == hash(key);
    }
    if (size > 0) collisions += hash(key) == hash(key.substr(1));
  }
  // Of 8,384 pairs, each with a chance of 2^-32.
  EXPECT_LE(collisions, 1);
}

// Consecutive keys, zero bytes, and keys that differ in few bits fill a table
// as evenly as chance does, under any secret.
TEST(KeyHash, SpreadsKeysThatAreMuchAlike) {
  constexpr int kKeys = 1 << 14;
  constexpr int kBins = 1 << 11;
  for (int secret = 0; secret < 20; ++secret) {
    const KeyHash hash;
    for (const char* prefix : {"", "key-", "a-rather-long-prefix-of-a-key-"}) {
      std::vector<int> bins(kBins);
      for (int i = 0; i < kKeys; ++i) {
        ++bins[hash(absl::StrCat(prefix, i)) % kBins];
      }
      double chi_squared = 0;
      for (int n : bins) chi_squared += (n - 8.0) * (n - 8.0) / 8.0;
      // 2047 degrees of freedom: a standard deviation of 64. Twelve of them
      // off.
      EXPECT_LT(chi_squared, 2047 + 12 * 64) << prefix;
      EXPECT_LT(*std::max_element(bins.begin(), bins.end()), 40) << prefix;
    }
  }
}

TEST(KeyHash, ManyKeysHaveFewCollisions) {
  const KeyHash hash;
  std::set<uint32_t> seen;
  constexpr int kKeys = 100'000;
  for (int i = 0; i < kKeys; ++i) {
    seen.insert(hash(absl::StrCat("a-key-with-the-number-", i)));
  }
  // 1.2 are expected.
  EXPECT_GE(seen.size(), kKeys - 12u);
}

TEST(EqualKeys, AgreesWithEquality) {
  for (size_t size = 0; size <= kMaxKey; ++size) {
    const std::string key(size, 'k');
    const std::string copy = key;
    EXPECT_TRUE(equal_keys(key, copy)) << size;
    EXPECT_FALSE(equal_keys(key, key + "k")) << size;
    for (size_t i = 0; i < size; ++i) {
      std::string other = key;
      other[i] = 'l';
      EXPECT_FALSE(equal_keys(key, other)) << size << " " << i;
    }
  }
}

}  // namespace
}  // namespace weir::internal
