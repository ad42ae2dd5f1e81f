#include "weir/control_plane/incremental_index.h"

#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace weir::internal {
namespace {

uint64_t seed() {
  const char* text = std::getenv("WEIR_TEST_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 1;
}

std::optional<uint32_t> find(const IncrementalIndex& index, uint32_t hash,
                             uint32_t number) {
  return index.find(hash, [&](uint32_t other) {
    EXPECT_LT(other, IncrementalIndex::kMaxNumbers);
    return other == number;
  });
}

TEST(IncrementalIndex, EmptyFindsNothing) {
  IncrementalIndex index;
  index.prefetch(7);
  EXPECT_EQ(find(index, 0, 0), std::nullopt);
  EXPECT_EQ(find(index, 0xffff'ffff, 0), std::nullopt);
  EXPECT_EQ(index.size(), 0u);
}

TEST(IncrementalIndex, NumbersAndHashesAtTheEnds) {
  IncrementalIndex index;
  const uint32_t last = IncrementalIndex::kMaxNumbers - 1;
  for (const uint32_t hash : {uint32_t{0}, uint32_t{0xffff'ffff}}) {
    for (const uint32_t number : {uint32_t{0}, last}) {
      EXPECT_EQ(find(index, hash, number), std::nullopt);
      index.insert(hash, number);
      EXPECT_EQ(find(index, hash, number), number);
    }
  }
  for (const uint32_t hash : {uint32_t{0}, uint32_t{0xffff'ffff}}) {
    for (const uint32_t number : {uint32_t{0}, last}) {
      index.erase(hash, number);
      EXPECT_EQ(find(index, hash, number), std::nullopt);
    }
  }
  EXPECT_EQ(index.size(), 0u);
}

// Hashes from `draw(random)`, of about `most` numbers, compared with a map.
template <class Draw>
void compare_with_a_map(size_t steps, uint32_t most, Draw draw) {
  SCOPED_TRACE(testing::Message() << "WEIR_TEST_SEED=" << seed());
  std::mt19937_64 random(seed());
  IncrementalIndex index;
  std::map<uint32_t, uint32_t> hashes;  // by number
  // It grows, stays and shrinks by turns.
  for (size_t i = 0; i < steps; ++i) {
    const auto number = static_cast<uint32_t>(random() % most);
    const auto it = hashes.find(number);
    const bool grows = i / (most * 2) % 3 == 0;
    const bool shrinks = i / (most * 2) % 3 == 2;
    if (it == hashes.end()) {
      const uint32_t hash = draw(random);
      ASSERT_EQ(find(index, hash, number), std::nullopt);
      if (shrinks && random() % 8 != 0) continue;
      index.prefetch(hash);
      index.insert(hash, number);
      hashes[number] = hash;
    } else {
      ASSERT_EQ(find(index, it->second, number), number);
      if (grows && random() % 8 != 0) continue;
      index.erase(it->second, number);
      ASSERT_EQ(find(index, it->second, number), std::nullopt);
      hashes.erase(it);
    }
    ASSERT_EQ(index.size(), hashes.size());
  }
  for (const auto& [number, hash] : hashes) {
    ASSERT_EQ(find(index, hash, number), number);
  }
}

TEST(IncrementalIndex, AgreesWithAMapThroughGrowthAndRemoval) {
  for (const uint32_t most : {3u, 30u, 1000u, 8'000u}) {
    SCOPED_TRACE(most);
    compare_with_a_map(50'000, most, [](std::mt19937_64& random) {
      return static_cast<uint32_t>(random());
    });
  }
}

// The end of a table's homes, where probes run into the slots after them.
TEST(IncrementalIndex, AgreesWithAMapWhenHashesCollide) {
  for (const uint32_t lowest : {0u, 0xffff'fff0u}) {
    compare_with_a_map(10'000, 300, [&](std::mt19937_64& random) {
      return lowest + static_cast<uint32_t>(random() % 16);
    });
  }
}

// All of one hash, in runs that are longer than a table's pieces.
TEST(IncrementalIndex, OneHashForAllIsSlowAndRight) {
  IncrementalIndex index;
  constexpr uint32_t kNumbers = 1500;
  for (const uint32_t hash : {uint32_t{0x8000'0000}, uint32_t{0xffff'ffff}}) {
    for (uint32_t i = 0; i < kNumbers; ++i) index.insert(hash, i);
    for (uint32_t i = 0; i < kNumbers; i += 7) {
      ASSERT_EQ(find(index, hash, i), i);
    }
    for (uint32_t i = 0; i < kNumbers; ++i) index.erase(hash, i);
    ASSERT_EQ(index.size(), 0u);
  }
}

// Numbers far beyond the homes of the previous table, when they are most of
// all, and the current table is soon full.
TEST(IncrementalIndex, WhatIsBehindTheHomesIsMovedInTime) {
  for (uint32_t count = 1; count < 150; ++count) {
    IncrementalIndex index;
    for (uint32_t i = 0; i < count; ++i) index.insert(0xffff'ffff, i);
    const uint32_t kept = count - count / 4;  // and those after it
    for (uint32_t i = 0; i < kept; ++i) index.erase(0xffff'ffff, i);
    for (uint32_t i = 0; i < count * 2; ++i) {
      index.insert(i * 0x1234'5678, count + i);
      for (uint32_t k = kept; k < count; ++k) {
        ASSERT_EQ(find(index, 0xffff'ffff, k), k) << count << " " << i;
      }
    }
  }
}

TEST(IncrementalIndex, MatchesAreAskedForHashesThatAreEqualOnly) {
  IncrementalIndex index;
  std::mt19937 random(1);
  std::vector<uint32_t> hashes;
  for (uint32_t i = 0; i < 100'000; ++i) {
    hashes.push_back(static_cast<uint32_t>(random()));
    index.insert(hashes.back(), i);
  }
  for (uint32_t i = 0; i < hashes.size(); ++i) {
    const auto found = index.find(hashes[i], [&](uint32_t number) {
      EXPECT_EQ(hashes[number], hashes[i]);
      return number == i;
    });
    ASSERT_EQ(found, i);
  }
}

}  // namespace
}  // namespace weir::internal
