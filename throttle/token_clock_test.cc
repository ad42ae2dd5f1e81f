#include "weir/throttle/token_clock.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "weir/tests/time_constants.h"
#include "weir/throttle/rate.h"
#include "weir/throttle/testing/exact_bucket.h"
#include "weir/throttle/token_bucket.h"

namespace weir {
namespace {

constexpr int64_t kYear = 365 * kDay + kDay / 4;

TokenClock make(double rate, int64_t burst, int64_t now_ns = 0) {
  return TokenClock::create(rate, burst, now_ns).value();
}

bool take(const TokenClock& clock, TokenBucket& bucket, int64_t now_ns,
          int64_t cost = 1) {
  return bucket.take(clock, clock.at(now_ns), cost).outcome ==
         TakeOutcome::kTaken;
}

bool would_take(const TokenClock& clock, const TokenBucket& bucket,
                int64_t now_ns, int64_t cost = 1) {
  return bucket.check(clock, clock.at(now_ns), cost).outcome ==
         TakeOutcome::kTaken;
}

int64_t available(const TokenClock& clock, const TokenBucket& bucket,
                  int64_t now_ns) {
  return clock.available(clock.at(now_ns), bucket.word());
}

// The nanoseconds after which `rate` has produced `tokens`.
int64_t time_for(const Rate& rate, uint64_t tokens) {
  return static_cast<int64_t>(
      (absl::uint128(tokens) * rate.seconds * kSecond + rate.tokens - 1) /
      rate.tokens);
}

TEST(TokenClock, RefusesLimitsThatMakeNoSense) {
  const TokenClock clock = make(1, 1);
  for (const double rate : {-1.0, std::nan(""), 1e10, 1e-7}) {
    const auto kInvalid = absl::StatusCode::kInvalidArgument;
    EXPECT_EQ(TokenClock::create(rate, 1, 0).status().code(), kInvalid);
    EXPECT_EQ(clock.with_limits(rate, 1, 0).status().code(), kInvalid);
    EXPECT_EQ(clock.renewed(rate, 1, 0).status().code(), kInvalid);
  }
  EXPECT_EQ(TokenClock::create(1, -1, 0).status().message(),
            "a burst must be from 0 to 2147483647 tokens, not -1");
  EXPECT_FALSE(TokenClock::create(1, TokenClock::kMaxBurst + 1, 0).ok());
  EXPECT_TRUE(TokenClock::create(1, TokenClock::kMaxBurst, 0).ok());
}

TEST(TokenClock, SaysItsLimits) {
  const TokenClock clock = make(0.1, 7);
  EXPECT_EQ(clock.rate(), 0.1);
  EXPECT_EQ(clock.exact_rate(), (Rate{1, 10}));
  EXPECT_EQ(clock.burst(), 7);
}

TEST(TokenClock, AdmitsExactlyOnePeriodAfterEmptying) {
  struct {
    double rate;
    bool exact;  // Else up to one nanosecond late.
  } const cases[] = {{0.1, true},      {0.3, true},     {1, true},
                     {3, true},        {7, true},       {10, true},
                     {50, true},       {100, true},     {250, true},
                     {1000, true},     {1e7, true},     {1.0 / 86400, true},
                     {1.0 / 60, true}, {1e-6, true},    {1e9, true},
                     {33, false},      {333.3, false},  {12345.678, false},
                     {1234567, false}, {9999999, false}};
  for (const auto& c : cases) {
    // Not at the origin, where everything is exact.
    for (const int64_t start : {int64_t{0}, int64_t{123'456'789'123}}) {
      const TokenClock clock = make(c.rate, 1);
      const int64_t period = time_for(clock.exact_rate(), 1);
      TokenBucket bucket;
      ASSERT_TRUE(take(clock, bucket, start));
      EXPECT_FALSE(would_take(clock, bucket, start + period - 1)) << c.rate;
      EXPECT_TRUE(would_take(clock, bucket, start + period + (c.exact ? 0 : 1)))
          << c.rate;
    }
  }
}

// A case with hardly any units left for a token.
TEST(TokenClock, IsExactAlsoWithTheLargestBursts) {
  const struct {
    double rate;
    int64_t burst;
  } cases[] = {{40, TokenClock::kMaxBurst},
               {32, TokenClock::kMaxBurst},
               {1e9 / (1 << 26), 1 << 30},
               {1e9 / (1 << 25), 1 << 30}};
  // Not at the origin, where everything is exact.
  const int64_t now = kSecond + 12'345;
  for (const auto& c : cases) {
    const TokenClock first = make(c.rate, c.burst);
    const TokenClock renewed = first.renewed(c.rate, c.burst, kSecond).value();
    for (const TokenClock& clock : {first, renewed}) {
      const int64_t period = time_for(clock.exact_rate(), 1);
      TokenBucket bucket;
      ASSERT_TRUE(take(clock, bucket, now, c.burst)) << c.rate;
      EXPECT_EQ(clock.ready_at(bucket.word(), 1), now + period) << c.rate;
      EXPECT_FALSE(would_take(clock, bucket, now + period - 1)) << c.rate;
      EXPECT_TRUE(would_take(clock, bucket, now + period)) << c.rate;
    }
  }
}

TEST(TokenClock, AdmitsTheWholeBurstAtAnyInstant) {
  for (const double rate : {0.1, 3.0, 33.0, 37.5, 333.3, 1001.0, 9999.0}) {
    const TokenClock clock = make(rate, 20);
    for (int64_t now = 1; now < kDay; now = 3 * now + 7) {
      TokenBucket bucket;
      int admitted = 0;
      while (take(clock, bucket, now)) ++admitted;
      EXPECT_EQ(admitted, 20) << rate << "/s at " << now;
    }
  }
}

TEST(TokenClock, YieldsItsRateOverThirtyDays) {
  for (const double rate :
       {1.0 / 86400, 0.1, 1.0, 3.3, 33.0, 333.3, 1234.0, 9999.0, 12345.678,
        98765.4321, 1234567.0, 1e6 / 7, 9999999.0, 1e7}) {
    const TokenClock clock = make(rate, 1000);
    const absl::uint128 units = clock.at(30 * kDay).floor - clock.at(0).floor;
    const double yielded = static_cast<double>(units) /
                           static_cast<double>(clock.units_per_token());
    const double error = yielded / (rate * 30 * 86400) - 1;
    EXPECT_LE(error, 1e-15) << rate;
    EXPECT_GE(error, -4.8e-7) << rate;
  }
}

TEST(TokenClock, ReadyAtIsExact) {
  const uint64_t seed = test_seed();
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const double rate =
        std::pow(10, std::uniform_real_distribution<double>(-5, 9)(random));
    const int64_t burst = 1 + random() % (1 << (random() % 12));
    int64_t now = random() % (30 * kDay);
    TokenClock clock = make(rate, burst);
    TokenBucket bucket;
    take(clock, bucket, now, 1 + random() % burst);
    if (i % 2 == 0) {  // Also for words of a former scale.
      now += random() % 1000;
      clock = clock.with_limits(i % 4 == 0 ? 33.3 : 5, burst, now).value();
    }
    const int64_t cost = random() % (burst + 1);
    const int64_t ready = clock.ready_at(bucket.word(), cost);
    ASSERT_NE(ready, TokenClock::kNever);
    if (ready > now) {
      ASSERT_FALSE(would_take(clock, bucket, ready - 1, cost))
          << "seed " << seed << " step " << i << " rate " << rate;
    }
    ASSERT_TRUE(would_take(clock, bucket, std::max(now, ready), cost))
        << "seed " << seed << " step " << i << " rate " << rate;
  }
}

TEST(TokenClock, ReadyAtKnowsWhatNeverComes) {
  TokenBucket bucket;
  const TokenClock clock = make(1, 5);
  EXPECT_EQ(clock.ready_at(bucket.word(), 6), TokenClock::kNever);
  EXPECT_LE(clock.ready_at(bucket.word(), 5), 0);
  const TokenClock still = make(0, 5);
  ASSERT_TRUE(take(still, bucket, 0, 4));
  EXPECT_LE(still.ready_at(bucket.word(), 1), 0);
  EXPECT_EQ(still.ready_at(bucket.word(), 2), TokenClock::kNever);
  // With this rate and burst, it takes longer than a time can represent.
  const TokenClock slow = make(1e-3, TokenClock::kMaxBurst);
  TokenBucket emptied;
  ASSERT_TRUE(take(slow, emptied, 0, TokenClock::kMaxBurst));
  EXPECT_EQ(slow.ready_at(emptied.word(), TokenClock::kMaxBurst),
            TokenClock::kNever);
  EXPECT_LT(slow.ready_at(emptied.word(), 1), TokenClock::kNever);
  // Later than a time can represent.
  const int64_t late = TokenClock::kNever - 10;
  const TokenClock last = make(1, 1, late);
  TokenBucket other;
  ASSERT_TRUE(take(last, other, late));
  EXPECT_EQ(last.ready_at(other.word(), 1), TokenClock::kNever);
  // Beyond the line's end, where the clock stops.
  EXPECT_EQ(clock.ready_at(~uint64_t{0}, 1), TokenClock::kNever);
}

TEST(TokenClock, NeverRefillsAtRateZeroAndAdmitsNothingAtBurstZero) {
  const TokenClock still = make(0, 3);
  TokenBucket bucket;
  EXPECT_TRUE(take(still, bucket, 0, 3));
  EXPECT_FALSE(take(still, bucket, 100 * kYear));
  const TokenClock closed = make(100, 0);
  TokenBucket other;
  EXPECT_FALSE(take(closed, other, kYear));
  EXPECT_EQ(available(closed, other, kYear), 0);
  EXPECT_TRUE(take(closed, other, kYear, 0));
}

// The table of docs/throttle.md, and every other pair of rates.
TEST(TokenClock, ChangeOfLimitsConservesDebt) {
  const double rates[] = {0,       1e-6, 1.0 / 86400, 1.0 / 60,  0.1, 1,
                          3,       7,    10,          33,        50,  333.3,
                          999,     1e3,  5e3,         12345.678, 1e5, 1e6,
                          1234567, 1e7,  1e9};
  for (const double before : rates) {
    for (const double after : rates) {
      for (const int64_t new_burst : {10, 100, 5, 0, 2'000'000'000}) {
        const TokenClock old_clock = make(before, 10);
        TokenBucket bucket;
        // At a whole position.
        ASSERT_TRUE(take(old_clock, bucket, 0, 7));
        const TokenClock clock =
            old_clock.with_limits(after, new_burst, 0).value();
        EXPECT_EQ(available(clock, bucket, 0),
                  std::max<int64_t>(0, new_burst - 7))
            << before << "/s to " << after << "/s, burst " << new_burst;
        // And back: the debt is still the same.
        const TokenClock back = clock.with_limits(before, 10, 0).value();
        EXPECT_EQ(available(back, bucket, 0), 3)
            << before << "/s to " << after << "/s and back";
      }
    }
  }
}

TEST(TokenClock, ChangeOfLimitsRoundsFractionsOfATokenUp) {
  const TokenClock old_clock = make(10, 10);
  TokenBucket bucket;
  ASSERT_TRUE(take(old_clock, bucket, 0, 7));
  // 0.25 s at 10/s: 4.5 tokens are owed; 0.5 of them come after 1 s at 0.5/s.
  const int64_t now = kSecond / 4;
  const TokenClock clock = old_clock.with_limits(0.5, 10, now).value();
  EXPECT_EQ(available(clock, bucket, now), 5);
  EXPECT_EQ(clock.ready_at(bucket.word(), 6), now + kSecond);
}

TEST(TokenClock, ChangeOfBurstMovesTheCeilingOnly) {
  TokenBucket bucket;
  TokenClock clock = make(1, 10);
  ASSERT_TRUE(take(clock, bucket, 0, 7));
  struct {
    int64_t burst, available;
  } const steps[] = {{20, 13}, {8, 1}, {7, 0}, {3, 0}, {0, 0}, {10, 3}};
  for (const auto& step : steps) {
    clock = clock.with_limits(1, step.burst, 0).value();
    EXPECT_EQ(available(clock, bucket, 0), step.available) << step.burst;
  }
  // 3 above a burst of 4: the first token comes when 4 are repaid.
  clock = clock.with_limits(1, 4, 0).value();
  EXPECT_EQ(clock.ready_at(bucket.word(), 1), 4 * kSecond);
}

TEST(TokenClock, SameLimitsOftenSetLoseNothing) {
  for (const double rate : {1.0, 33.0, 1234567.0, 1.0 / 86400}) {
    for (const int64_t burst : {int64_t{5}, TokenClock::kMaxBurst}) {
      TokenClock clock = make(rate, burst);
      const TokenInstant begin = clock.at(0);
      const TokenClock undisturbed = clock;
      for (int i = 1; i <= 1000; ++i) {
        clock = clock.with_limits(rate, burst, i * 1'000'001).value();
      }
      const int64_t now = kDay;
      const auto once = undisturbed.at(now).floor - begin.floor;
      EXPECT_LE(once - (clock.at(now).floor - begin.floor), 1u) << rate;
    }
  }
}

TEST(TokenClock, RenewalFillsEveryBucket) {
  TokenClock clock = make(1, 10);
  for (int i = 0; i < 100; ++i) {
    TokenBucket bucket;
    ASSERT_TRUE(take(clock, bucket, i, clock.burst()));
    const TokenClock next = clock.renewed(i % 3, 10 + i, i).value();
    EXPECT_EQ(available(next, bucket, i), 10 + i);
    EXPECT_EQ(bucket.take(clock, clock.at(i), 1).outcome,
              TakeOutcome::kRefused);
    ASSERT_TRUE(take(next, bucket, i, 10));
    EXPECT_EQ(bucket.take(clock, clock.at(i), 1).outcome, TakeOutcome::kStale);
    clock = next;
  }
}

TEST(TokenClock, FormerScalesAreTranslatedAndNewerOnesStale) {
  std::vector<TokenClock> clocks = {make(1, 10)};
  TokenBucket early;
  ASSERT_TRUE(take(clocks[0], early, 0, 7));
  for (const double rate : {1e6, 0.01, 5e3, 1e-3}) {
    clocks.push_back(clocks.back().with_limits(rate, 10, 0).value());
  }
  for (size_t i = 0; i < clocks.size(); ++i) {
    TokenBucket bucket;
    ASSERT_TRUE(take(clocks[i], bucket, 0, 4));
    for (size_t j = 0; j < clocks.size(); ++j) {
      const Take answer = bucket.check(clocks[j], clocks[j].at(0), 1);
      EXPECT_EQ(answer.outcome,
                j < i ? TakeOutcome::kStale : TakeOutcome::kTaken);
      EXPECT_EQ(bucket.give_back(clocks[j], clocks[j].at(0), 0), j >= i);
      if (j >= i) {
        EXPECT_EQ(available(clocks[j], bucket, 0), 6);
      }
    }
    EXPECT_EQ(available(clocks[i], early, 0), 3);
  }
}

TEST(TokenClock, OverlappingCallsOwePastTheChangeAtMostTheBurst) {
  const TokenClock old_clock = make(1e7, 10);
  const TokenClock clock = old_clock.with_limits(1, 10, 0).value();
  TokenBucket bucket;
  ASSERT_TRUE(take(old_clock, bucket, kSecond, 10));
  EXPECT_EQ(clock.ready_at(bucket.word(), 10), 10 * kSecond);
}

TEST(TokenClock, ChargesABucketWhetherItOwesOrNot) {
  const TokenClock clock = make(1, 5);
  const TokenInstant now = clock.at(100 * kSecond);
  const uint64_t once = clock.charge(now, 0, 3);
  EXPECT_EQ(clock.available(now, once), 2);
  const uint64_t twice = clock.charge(now, once, 4);
  EXPECT_EQ(clock.available(now, twice), 0);
  EXPECT_EQ(clock.ready_at(twice, 1), 103 * kSecond);
}

TEST(TokenClock, RefundOfWhatWasRefilledMakesNoTokensForThoseBehind) {
  const TokenClock clock = make(1, 1);
  TokenBucket bucket;
  ASSERT_TRUE(take(clock, bucket, 0));
  EXPECT_TRUE(bucket.give_back(clock, clock.at(2 * kSecond), 1));
  EXPECT_FALSE(take(clock, bucket, 0));
  EXPECT_TRUE(take(clock, bucket, 2 * kSecond));
  EXPECT_FALSE(take(clock, bucket, 2 * kSecond));
}

// Of the most that a bucket may have taken, too: ten tokens, which take 10 s.
TEST(TokenClock, KnowsWhatWasRepaidBeforeOrForgiven) {
  const TokenClock clock = make(1, 10);
  TokenBucket bucket;
  ASSERT_TRUE(take(clock, bucket, kSecond, 10));
  const uint64_t most = clock.greatest(clock.at(kSecond));
  EXPECT_EQ(bucket.word(), most);
  EXPECT_TRUE(clock.owes(most));
  EXPECT_TRUE(clock.with_limits(1, 5, 2 * kSecond)->owes(most));
  EXPECT_TRUE(clock.with_limits(1e6, 5, 11 * kSecond - 1)->owes(most));
  EXPECT_FALSE(clock.with_limits(1e6, 5, 11 * kSecond)->owes(most));
  const TokenClock renewed = clock.renewed(1, 10, kSecond).value();
  EXPECT_FALSE(renewed.owes(most));
  EXPECT_FALSE(renewed.with_limits(1e6, 10, kSecond)->owes(most));
  EXPECT_FALSE(renewed.owes(0));
}

TEST(TokenClock, TimeGoingBackwardsMakesNoTokens) {
  TokenBucket bucket;
  const TokenClock clock = make(10, 10, 5 * kSecond);
  ASSERT_TRUE(take(clock, bucket, 10 * kSecond, 10));
  for (const int64_t now : {10 * kSecond, 9 * kSecond, int64_t{0}, -kYear,
                            std::numeric_limits<int64_t>::min()}) {
    EXPECT_FALSE(take(clock, bucket, now)) << now;
  }
  EXPECT_FALSE(take(clock, bucket, 10 * kSecond + kSecond / 10 - 1));
  EXPECT_TRUE(take(clock, bucket, 10 * kSecond + kSecond / 10));
  // A change of limits dated before the latest one counts from that.
  const TokenClock next = clock.with_limits(20, 10, -kYear).value();
  EXPECT_EQ(next.at(-kYear).floor, next.at(5 * kSecond).floor);
}

TEST(TokenClock, IsRightAfterTenYears) {
  for (const double rate : {0.0, 1e-6, 1.0 / 86400, 0.1, 1.0, 29.0, 33.0, 333.3,
                            1234567.0, 1e7, 1e9}) {
    for (const int64_t burst :
         {int64_t{1}, int64_t{10}, TokenClock::kMaxBurst}) {
      const TokenClock clock = make(rate, burst, -kYear);
      const int64_t now = 9 * kYear;
      TokenBucket bucket;
      ASSERT_TRUE(take(clock, bucket, now, burst));
      ASSERT_FALSE(take(clock, bucket, now));
      EXPECT_EQ(available(clock, bucket, now), 0);
      const int64_t ready = clock.ready_at(bucket.word(), 1);
      if (rate == 0) {
        EXPECT_EQ(ready, TokenClock::kNever);
        continue;
      }
      const int64_t period = time_for(clock.exact_rate(), 1);
      EXPECT_GE(ready, now + period) << rate;
      // A unit is at most 1 / 2^25 of a token.
      EXPECT_LE(ready, now + period + 1 + period / (1 << 20)) << rate;
      EXPECT_TRUE(would_take(clock, bucket, ready));
      EXPECT_FALSE(would_take(clock, bucket, ready - 1));
      // And a change then conserves what is owed.
      const TokenClock next = clock.with_limits(5, burst, now).value();
      EXPECT_EQ(available(next, bucket, now), 0);
      EXPECT_GT(next.ready_at(bucket.word(), 1), now);
      EXPECT_LE(next.ready_at(bucket.word(), 1), now + kSecond / 4);
    }
  }
}

TEST(TokenClock, SurvivesAnyNumberOfChanges) {
  TokenClock clock = make(10, 10);
  const double rates[] = {10, 1000, 1e-6, 1e9, 33.3, 0, 1e5};
  const int64_t bursts[] = {10, 10, 3, TokenClock::kMaxBurst, 10, 1};
  int64_t now = 0;
  for (int i = 0; i < 200'000; ++i) {
    now += i % 5 * 200'000'000;
    auto next = i % 50 == 0
                    ? clock.renewed(rates[i % 7], bursts[i % 6], now)
                    : clock.with_limits(rates[i % 7], bursts[i % 6], now);
    ASSERT_TRUE(next.ok()) << i << next.status();
    clock = *next;
  }
  clock = clock.with_limits(100, 10, now).value();
  now += 10 * kYear;
  TokenBucket bucket;
  ASSERT_TRUE(take(clock, bucket, now, 10));
  EXPECT_FALSE(take(clock, bucket, now));
  EXPECT_FALSE(take(clock, bucket, now + 9'999'999));
  EXPECT_TRUE(
      take(clock, bucket, now + 130'000'000));  // An eighth may be lost.
}

TEST(TokenClock, StopsAtTheEndOfTheLine) {
  const TokenClock clock = make(1e9, 2);
  for (const int64_t now : {TokenClock::kNever - 1, TokenClock::kNever}) {
    TokenBucket bucket;
    EXPECT_EQ(available(clock, bucket, now), 2);
    EXPECT_TRUE(take(clock, bucket, now, 2));
    EXPECT_EQ(available(clock, bucket, now), 0);
    EXPECT_FALSE(take(clock, bucket, now));
    EXPECT_EQ(clock.ready_at(bucket.word(), 1), TokenClock::kNever);
  }
}

TEST(TokenClock, SaysWhenTheLineIsUsedUp) {
  TokenClock clock = make(29, 1);
  // Far beyond the guaranteed range.
  absl::StatusOr<TokenClock> next = clock.renewed(1, 1, 18 * kYear);
  int64_t renewals = 0;
  for (; next.ok(); ++renewals) {
    clock = *next;
    next = clock.renewed(1, 1, 18 * kYear);
  }
  EXPECT_GT(renewals, 80'000);
  EXPECT_EQ(next.status().code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace weir
