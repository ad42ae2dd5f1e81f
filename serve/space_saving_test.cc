#include "weir/serve/space_saving.h"

#include <cstdint>
#include <cstdlib>
#include <map>
#include <random>

#include "gtest/gtest.h"

namespace weir {
namespace {

using Hitters = SpaceSaving<int, int>;

uint64_t seed() {
  const char* text = std::getenv("WEIR_TEST_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 1;
}

TEST(SpaceSaving, IsExactWhileThereIsRoom) {
  Hitters hitters(3);
  for (const int key : {1, 2, 1, 3, 1, 2}) hitters.count(key) += 10;
  std::map<int, int64_t> seen;
  for (const auto& counter : hitters.counters()) {
    seen[counter.key] = counter.seen;
    EXPECT_EQ(counter.taken_over, 0);
    EXPECT_EQ(counter.value, counter.seen * 10);
  }
  EXPECT_EQ(seen, (std::map<int, int64_t>{{1, 3}, {2, 2}, {3, 1}}));
}

TEST(SpaceSaving, NewKeyTakesOverTheLeast) {
  Hitters hitters(2);
  for (const int key : {1, 1, 1, 2, 2}) hitters.count(key) = key;
  EXPECT_EQ(hitters.count(3), 0) << "with a new value";
  ASSERT_EQ(hitters.counters().size(), 2u);
  EXPECT_EQ(hitters.counters()[0].key, 1);
  const auto& taken = hitters.counters()[1];
  EXPECT_EQ(taken.key, 3);
  EXPECT_EQ(taken.seen, 1);
  EXPECT_EQ(taken.taken_over, 2);
  hitters.clear();
  EXPECT_TRUE(hitters.counters().empty());
  hitters.count(2);
  EXPECT_EQ(hitters.counters()[0].taken_over, 0);
}

// Whatever comes, the bounds of the header hold.
TEST(SpaceSaving, KeepsItsBounds) {
  SCOPED_TRACE(testing::Message() << "WEIR_TEST_SEED=" << seed());
  std::mt19937_64 random(seed());
  for (int round = 0; round < 60; ++round) {
    const size_t capacity = 1 + random() % 20;
    const uint64_t keys = 1 + random() % 60;
    Hitters hitters(capacity);
    std::map<int, int64_t> truth;
    const int count = static_cast<int>(random() % 3000);
    for (int i = 0; i < count; ++i) {
      // Some keys come much more often than others.
      const int key = static_cast<int>(random() % (1 + random() % keys));
      ++truth[key];
      hitters.count(key);
    }
    const auto bound = count / static_cast<int64_t>(capacity);
    std::map<int, int64_t> seen;
    EXPECT_LE(hitters.counters().size(), capacity);
    for (const auto& counter : hitters.counters()) {
      ASSERT_TRUE(seen.emplace(counter.key, counter.seen).second);
      ASSERT_LE(counter.seen, truth[counter.key]);
      ASSERT_GE(counter.seen + counter.taken_over, truth[counter.key]);
      ASSERT_LE(counter.taken_over, bound);
      if (truth.size() <= capacity) {
        ASSERT_EQ(counter.taken_over, 0);
      }
    }
    ASSERT_LE(hitters.least(), bound);
    for (const auto& [key, times] : truth) {
      if (seen.count(key) == 0) {
        ASSERT_LE(times, hitters.least());
      }
      if (times > bound) {
        ASSERT_EQ(seen.count(key), 1u) << key;
      }
    }
  }
}

}  // namespace
}  // namespace weir
