#include "weir/data_plane/method_buckets.h"

#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "weir/memory/arena.h"
#include "weir/throttle/token_bucket.h"
#include "weir/throttle/token_clock.h"

namespace weir::internal {
namespace {

TEST(MethodBuckets, EachSlotIsOneBucketForGood) {
  const auto arena = *Arena::create(size_t{1} << 24);
  MethodBuckets buckets;
  std::map<uint32_t, TokenBucket*> first_seen;
  std::mt19937 random(3);
  for (int i = 0; i < 20'000; ++i) {
    // Slots of every size, the small ones often.
    const uint32_t slot = random() % (1u << (random() % 21));
    TokenBucket* bucket = buckets.find_or_add(slot, *arena);
    ASSERT_NE(bucket, nullptr);
    const auto [it, added] = first_seen.emplace(slot, bucket);
    ASSERT_EQ(it->second, bucket) << slot;
    ASSERT_TRUE(!added || bucket->word() == 0);
  }
  std::set<TokenBucket*> distinct;
  for (const auto& [slot, bucket] : first_seen) distinct.insert(bucket);
  EXPECT_EQ(distinct.size(), first_seen.size());
  buckets.release(*arena);
  arena->collect();
  EXPECT_EQ(arena->used(), 0u);
}

TEST(MethodBuckets, FirstSlotIsAtHandAndSevenMoreAreOneLine) {
  const auto arena = *Arena::create(size_t{1} << 20);
  MethodBuckets buckets;
  buckets.find_or_add(0, *arena);
  EXPECT_EQ(arena->used(), 0u);
  for (uint32_t slot = 0; slot < 8; ++slot) buckets.find_or_add(slot, *arena);
  EXPECT_EQ(arena->used(), 64u);
}

TEST(MethodBuckets, WithoutMemoryThereIsNoBucket) {
  const auto arena = *Arena::create(size_t{1} << 20);
  MethodBuckets buckets;
  TokenBucket* bucket = buckets.find_or_add(3, *arena);
  TokenBucket* other = buckets.find_or_add(8, *arena);
  while (arena->take_line() != nullptr) {
  }
  // Neither a line more nor a level more.
  EXPECT_EQ(buckets.find_or_add(17, *arena), nullptr);
  EXPECT_EQ(buckets.find_or_add(65, *arena), nullptr);
  EXPECT_EQ(buckets.find_or_add(3, *arena), bucket);
  EXPECT_EQ(buckets.find_or_add(8, *arena), other);
}

TEST(MethodBuckets, ThreadsThatGrowTheTreeTogetherAgree) {
  const TokenClock clock = *TokenClock::create(0, 1, 0);
  for (int round = 0; round < 200; ++round) {
    const auto arena = *Arena::create(size_t{1} << 20);
    MethodBuckets buckets;
    std::atomic<int> taken{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&, t] {
        for (uint32_t i = 0; i < 100; ++i) {
          const uint32_t slot = (i + t * 31) % 100;
          TokenBucket* bucket = buckets.find_or_add(slot, *arena);
          if (bucket->take(clock, clock.at(0), 1).outcome ==
              TakeOutcome::kTaken) {
            ++taken;
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(taken, 100);
    buckets.release(*arena);
    arena->collect();
    EXPECT_EQ(arena->used(), 0u);
  }
}

}  // namespace
}  // namespace weir::internal
