// What Weir is compared with really limits.

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "weir/benchmarks/peers/fixed_map.h"
#include "weir/benchmarks/peers/gcra.h"
#include "weir/benchmarks/peers/mutex_bucket.h"
#include "weir/benchmarks/peers/mutex_map.h"
#include "weir/benchmarks/peers/sharded_map.h"
#include "weir/benchmarks/peers/time_bucket.h"

namespace weir::peers {
namespace {

constexpr double kRate = 1'000;
constexpr int64_t kInterval = 1'000'000;  // ns at that rate
constexpr int kBurst = 10;
constexpr int64_t kStart = 5'000'000'000;
// By which a bucket that counts in doubles may be late.
constexpr int64_t kRounding = 1'000;

template <class Bucket>
class BucketTest : public ::testing::Test {};
using Buckets = ::testing::Types<TimeBucket, MutexBucket, GcraBucket>;
TYPED_TEST_SUITE(BucketTest, Buckets);

TYPED_TEST(BucketTest, AdmitsABurstThenTheRate) {
  TypeParam bucket(kRate, kBurst);
  for (int i = 0; i < kBurst - 1; ++i) EXPECT_TRUE(bucket.take(kStart)) << i;
  EXPECT_TRUE(bucket.take(kStart + kRounding));
  EXPECT_FALSE(bucket.take(kStart + kRounding));
  EXPECT_FALSE(bucket.take(kStart + kInterval * 9 / 10));
  EXPECT_TRUE(bucket.take(kStart + kInterval + kRounding));
  EXPECT_FALSE(bucket.take(kStart + kInterval + kRounding));
}

TYPED_TEST(BucketTest, FillsToItsBurstAndNoFurther) {
  TypeParam bucket(kRate, kBurst);
  int64_t now = kStart;
  for (int round = 0; round < 3; ++round) {
    int admitted = 0;
    while (admitted <= kBurst && bucket.take(now += kRounding)) ++admitted;
    EXPECT_EQ(admitted, kBurst);
    now += 100 * kBurst * kInterval;
  }
}

TYPED_TEST(BucketTest, AdmitsWhatTheRateYields) {
  TypeParam bucket(kRate, kBurst);
  int admitted = 0;
  for (int64_t t = 0; t < 1'000 * kInterval; t += kInterval / 7) {
    admitted += bucket.take(kStart + t);
  }
  EXPECT_NEAR(admitted, 1'000 + kBurst, 2);
}

TYPED_TEST(BucketTest, AdmitsNoMoreToManyThreads) {
  constexpr int kMany = 1'000'000;
  TypeParam bucket(kRate, kMany);
  std::atomic<int> admitted{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < kMany / 2; ++j) admitted += bucket.take(kStart);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_NEAR(admitted, kMany, 1);  // a double's rounding
}

template <class Map>
class MapTest : public ::testing::Test {};
using Maps = ::testing::Types<FixedMap, ShardedMap, MutexMap>;
TYPED_TEST_SUITE(MapTest, Maps);

TYPED_TEST(MapTest, LimitsEachKeyByItself) {
  TypeParam map(kRate, kBurst);
  constexpr int kKeys = 1'000;
  for (int key = 0; key < kKeys; ++key) map.add_key(absl::StrCat("key", key));
  for (int i = 0; i < kBurst; ++i) {
    for (int key = 0; key < kKeys; ++key) {
      EXPECT_TRUE(map.take(absl::StrCat("key", key), kStart + i * kRounding))
          << key;
    }
  }
  for (int key = 0; key < kKeys; ++key) {
    EXPECT_FALSE(map.take(absl::StrCat("key", key), kStart + kInterval / 2))
        << key;
  }
  EXPECT_TRUE(map.take("key7", kStart + kInterval + kRounding));
  EXPECT_FALSE(map.take("key8", kStart + kInterval / 2));
}

TYPED_TEST(MapTest, AdmitsNoMoreToManyThreads) {
  TypeParam map(kRate, kBurst);
  constexpr int kKeys = 1'000;
  std::vector<std::string> keys;
  for (int i = 0; i < kKeys; ++i) keys.push_back(absl::StrCat("key", i));
  for (const std::string& key : keys) map.add_key(key);
  std::atomic<int> admitted{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < kBurst; ++j) {
        for (const std::string& key : keys) admitted += map.take(key, kStart);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(admitted, kKeys * kBurst);
  EXPECT_GE(admitted, kKeys * (kBurst - 1));  // the last token may be rounded
}

}  // namespace
}  // namespace weir::peers
