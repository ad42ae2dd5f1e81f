#include "weir/cli/replay/timeline.h"

#include <cstdint>
#include <map>
#include <random>

#include "gtest/gtest.h"
#include "weir/cli/replay/tally.h"
#include "weir/enforcer/decision.h"
#include "weir/tests/time_constants.h"

namespace weir::cli {
namespace {

constexpr std::int64_t kDay = 86400;

TEST(Timeline, OneRequestIsOneBucket) {
  Timeline timeline;
  timeline.add(1431857103 * kSecond + 999'999'999, Outcome::kThrottled);
  ASSERT_EQ(timeline.buckets().size(), 1u);
  EXPECT_EQ(timeline.buckets()[0].throttled, 1);
  EXPECT_EQ(timeline.bucket_start(0), 1431857103);
  EXPECT_EQ(timeline.unit(), "second");
}

TEST(Timeline, CountsOutcomesApart) {
  Timeline timeline;
  timeline.add(0, Outcome::kAdmitted);
  timeline.add(0, Outcome::kThrottled);
  timeline.add(0, Outcome::kQuotaExceeded);
  timeline.add(0, Outcome::kQuotaExceeded);
  timeline.add(2 * kSecond, Outcome::kForbidden);
  ASSERT_EQ(timeline.buckets().size(), 3u);
  EXPECT_EQ(timeline.buckets()[0].admitted, 1);
  EXPECT_EQ(timeline.buckets()[0].throttled, 1);
  EXPECT_EQ(timeline.buckets()[0].quota_exceeded, 2);
  EXPECT_EQ(timeline.buckets()[1].requests(), 0);
  EXPECT_EQ(timeline.buckets()[2].forbidden, 1);
}

TEST(Timeline, ChoosesTheFinestUnitThatFits) {
  const struct {
    std::int64_t span;
    const char* unit;
  } kCases[] = {{47, "second"},
                {48, "5 seconds"},
                {5 * 48 - 1, "5 seconds"},
                {5 * 48, "10 seconds"},
                {3600, "5 minutes"},
                {kDay - 1, "30 minutes"},
                {4 * kDay - 1, "3 hours"},
                {24 * kDay, "day"},
                {365 * kDay, "4 weeks"},
                {3000 * kDay, "52 weeks"}};
  for (const auto& c : kCases) {
    Timeline timeline;
    const std::int64_t start = 1433030400;  // a Sunday's midnight
    timeline.add(start * kSecond, Outcome::kAdmitted);
    timeline.add((start + c.span) * kSecond, Outcome::kAdmitted);
    EXPECT_EQ(timeline.unit(), c.unit) << c.span;
  }
}

TEST(Timeline, BucketsBeginWhereUnitsDo) {
  Timeline timeline;
  timeline.add(1431857103 * kSecond, Outcome::kAdmitted);  // 05-17 10:05:03
  timeline.add((1431857103 + 3 * kDay) * kSecond, Outcome::kAdmitted);
  EXPECT_EQ(timeline.unit(), "3 hours");
  EXPECT_EQ(timeline.bucket_start(0), 1431853200);  // 09:00

  Timeline weeks;
  weeks.add(1431857103 * kSecond, Outcome::kAdmitted);
  weeks.add((1431857103 + 200 * kDay) * kSecond, Outcome::kAdmitted);
  EXPECT_EQ(weeks.unit(), "week");
  EXPECT_EQ(weeks.bucket_start(0), 1431820800);  // Sunday, 05-17
}

TEST(Timeline, ReachesFrom1970To2089) {
  Timeline timeline;
  timeline.add(0, Outcome::kAdmitted);
  timeline.add(3786911999 * kSecond, Outcome::kAdmitted);
  EXPECT_LE(timeline.buckets().size(), Timeline::kMaxBuckets);
  EXPECT_EQ(timeline.buckets().front().admitted, 1);
  EXPECT_EQ(timeline.buckets().back().admitted, 1);
}

// However a timeline came to its buckets, each request is in its own.
TEST(Timeline, MergingLosesAndMovesNothing) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    Timeline timeline;
    std::map<std::int64_t, int> by_second;
    std::int64_t now = static_cast<std::int64_t>(random() % 3000000000);
    for (int i = 0; i < 300; ++i) {
      now += static_cast<std::int64_t>(random() % (1u << random() % 20));
      timeline.add(now * kSecond, Outcome::kAdmitted);
      ++by_second[now];
    }
    ASSERT_LE(timeline.buckets().size(), Timeline::kMaxBuckets);
    for (std::size_t i = 0; i < timeline.buckets().size(); ++i) {
      const std::int64_t start = timeline.bucket_start(i);
      const std::int64_t end = start + timeline.bucket_seconds();
      std::int64_t expected = 0;
      for (auto it = by_second.lower_bound(start);
           it != by_second.end() && it->first < end; ++it) {
        expected += it->second;
      }
      EXPECT_EQ(timeline.buckets()[i].admitted, expected);
    }
    EXPECT_GT(timeline.buckets().front().requests(), 0);
    EXPECT_GT(timeline.buckets().back().requests(), 0);
  }
}

}  // namespace
}  // namespace weir::cli
