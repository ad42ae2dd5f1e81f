#include "weir/throttle/token_bucket.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <random>
#include <thread>
#include <vector>

#include "absl/numeric/int128.h"
#include "gtest/gtest.h"
#include "weir/tests/time_constants.h"
#include "weir/throttle/rate.h"
#include "weir/throttle/testing/exact_bucket.h"
#include "weir/throttle/token_clock.h"

namespace weir {
namespace {

TokenClock make(double rate, int64_t burst) {
  return TokenClock::create(rate, burst, 0).value();
}

bool take(const TokenClock& clock, TokenBucket& bucket, int64_t now_ns,
          int64_t cost = 1) {
  return bucket.take(clock, clock.at(now_ns), cost).outcome ==
         TakeOutcome::kTaken;
}

double random_rate(std::mt19937_64& random) {
  const double rate =
      std::pow(10, std::uniform_real_distribution<double>(-4, 7)(random));
  switch (random() % 3) {
    case 0:
      return rate;
    case 1:
      return std::ceil(rate);
    default:
      return std::ceil(rate * 10) / 10;
  }
}

// A time step that is often close to the time that one to a few tokens take.
int64_t random_step(std::mt19937_64& random, double rate) {
  const double period = 1e9 / rate;
  switch (random() % 4) {
    case 0:
      return 0;
    case 1:
      return random() % 3;
    case 2:
      return std::llround(std::min(period * (1 + random() % 3), 1e15)) - 1 +
             random() % 3;
    default:
      return random() % static_cast<int64_t>(std::min(period, 1e14) * 5 + 2);
  }
}

TEST(TokenBucket, AgreesWithExactArithmetic) {
  const uint64_t seed = test_seed();
  std::mt19937_64 random(seed);
  for (int run = 0; run < 300; ++run) {
    const double rate = random_rate(random);
    const int64_t burst = 1 + random() % (1 << random() % 12);
    const TokenClock clock = make(rate, burst);
    const Rate exact_rate = clock.exact_rate();
    ExactBucket exact(exact_rate.seconds);
    TokenBucket bucket;
    int64_t now = random() % kSecond;
    // How much later than the exact bucket a token may come: a nanosecond, and
    // half a part in a million of what the bucket waited for.
    exact.advance(exact_rate, 0);
    const absl::int128 late =
        exact.yield_per_ns() + absl::int128(burst) * exact.token() / (1 << 20);
    for (int i = 0; i < 300; ++i) {
      now += random_step(random, rate);
      const int64_t cost = random() % 4 == 0 ? random() % (burst + 2) : 1;
      exact.advance(exact_rate, now);
      const uint64_t before = bucket.word();
      const Take check = bucket.check(clock, clock.at(now), cost);
      ASSERT_EQ(bucket.word(), before);
      const Take taken = bucket.take(clock, clock.at(now), cost);
      ASSERT_EQ(taken.outcome, check.outcome);
      ASSERT_EQ(taken.word, bucket.word());
      const absl::int128 room =
          (burst - cost) * exact.token() - exact.debt(now);
      if (taken.outcome == TakeOutcome::kTaken) {
        ASSERT_GE(room, 0) << "seed " << seed << " run " << run << " rate "
                           << rate << ": admitted beyond the bound";
        exact.take(now, cost);
      } else {
        ASSERT_EQ(bucket.word(), before);
        ASSERT_LT(room, late) << "seed " << seed << " run " << run << " rate "
                              << rate << ": refused what was there";
      }
    }
  }
}

// The bound itself, with no model: every window of every run.
TEST(TokenBucket, NoWindowAdmitsMoreThanBurstPlusYield) {
  const uint64_t seed = test_seed();
  std::mt19937_64 random(seed);
  for (int run = 0; run < 100; ++run) {
    const double rate = random_rate(random);
    const int64_t burst = 1 + random() % 20;
    const TokenClock clock = make(rate, burst);
    const Rate exact = clock.exact_rate();
    TokenBucket bucket;
    struct Admitted {
      int64_t time, cost;
    };
    std::vector<Admitted> admitted;
    int64_t now = random() % kSecond;
    for (int i = 0; i < 200; ++i) {
      now += random_step(random, rate);
      const int64_t cost = 1 + random() % std::min<int64_t>(burst, 3);
      if (take(clock, bucket, now, cost)) admitted.push_back({now, cost});
    }
    for (size_t from = 0; from < admitted.size(); ++from) {
      absl::uint128 sum = 0;
      for (size_t to = from; to < admitted.size(); ++to) {
        sum += admitted[to].cost;
        const absl::uint128 scale = absl::uint128(exact.seconds) * kSecond;
        ASSERT_LE(sum * scale,
                  burst * scale + absl::uint128(exact.tokens) *
                                      (admitted[to].time - admitted[from].time))
            << "seed " << seed << " run " << run << " rate " << rate;
      }
    }
  }
}

TEST(TokenBucket, GreedyCallerGetsAllThatIsYielded) {
  for (const double rate : {0.1, 0.3, 3.0, 7.0, 33.0, 250.0, 333.3, 12345.678,
                            1e6 / 7, 1234567.0, 1e7}) {
    const int64_t burst = 5;
    const TokenClock clock = make(rate, burst);
    TokenBucket bucket;
    const int64_t start = 1'234'567;
    int64_t now = start;
    int64_t admitted = 0;
    for (int i = 0; i < 50'000; ++i) {
      now = std::max(now, clock.ready_at(bucket.word(), 1));
      ASSERT_TRUE(take(clock, bucket, now)) << rate;
      ++admitted;
      while (take(clock, bucket, now)) ++admitted;
      const double due = burst + rate * 1e-9 * static_cast<double>(now - start);
      ASSERT_GE(admitted, due - 1 - due * 5e-7) << rate;
    }
  }
}

TEST(TokenBucket, AdmitsByCost) {
  const TokenClock clock = make(1, 10);
  TokenBucket bucket;
  EXPECT_FALSE(take(clock, bucket, 0, 11));
  EXPECT_FALSE(take(clock, bucket, 0, 2147483647));
  EXPECT_FALSE(take(clock, bucket, 0, INT64_MAX));
  EXPECT_EQ(bucket.word(), 0u);
  EXPECT_TRUE(take(clock, bucket, 0, 0));
  EXPECT_EQ(bucket.word(), 0u);
  EXPECT_TRUE(take(clock, bucket, 0, 6));
  EXPECT_FALSE(take(clock, bucket, 0, 5));
  EXPECT_TRUE(take(clock, bucket, 0, 4));
  EXPECT_TRUE(take(clock, bucket, 0, 0));
  const TokenClock wide = make(1, TokenClock::kMaxBurst);
  TokenBucket other;
  EXPECT_TRUE(take(wide, other, 0, TokenClock::kMaxBurst));
  EXPECT_FALSE(take(wide, other, 0));
}

TEST(TokenBucket, GivesBackWhatWasTakenAndNoMore) {
  const TokenClock clock = make(1, 10);
  TokenBucket bucket;
  const auto give_back = [&](int64_t now, int64_t cost) {
    return bucket.give_back(clock, clock.at(now), cost);
  };
  const auto available = [&](int64_t now) {
    return clock.available(clock.at(now), bucket.word());
  };
  ASSERT_TRUE(take(clock, bucket, 0, 7));
  EXPECT_TRUE(give_back(0, 3));
  EXPECT_EQ(available(0), 6);
  EXPECT_TRUE(give_back(0, INT64_MAX));
  EXPECT_EQ(available(0), 10);
  // What was refilled in between is not added twice.
  ASSERT_TRUE(take(clock, bucket, kSecond, 7));
  EXPECT_TRUE(give_back(20 * kSecond, 7));
  EXPECT_EQ(available(20 * kSecond), 10);
  ASSERT_TRUE(take(clock, bucket, 20 * kSecond, 10));
  EXPECT_FALSE(take(clock, bucket, 20 * kSecond, 1));
}

// Random programs of takes, refunds, waits and changes of limits, with times
// that may step back, against exact arithmetic.
TEST(TokenBucket, ConservesDebtThroughRandomChanges) {
  const uint64_t seed = test_seed();
  std::mt19937_64 random(seed);
  const double rates[] = {0,    1.0 / 86400, 1.0 / 60, 0.1, 0.3,   1,
                          7,    33,          50,       250, 333.3, 1000,
                          9999, 1e5,         1234567,  1e7, 1e6};
  const int64_t bursts[] = {0, 1, 5, 10, 100, 100'000};
  for (int run = 0; run < 300; ++run) {
    double rate = rates[random() % std::size(rates)];
    int64_t burst = bursts[random() % std::size(bursts)];
    TokenClock clock = make(rate, burst);
    ExactBucket exact(86400);
    TokenBucket bucket;
    int64_t latest = 0;
    int64_t changed = 0;
    // What rounding may have withheld: a unit and a nanosecond's yield at each
    // change, and half a part in a million of what was repaid.
    absl::int128 kept_back = 0;
    for (int i = 0; i < 300; ++i) {
      int64_t now = latest + random_step(random, rate == 0 ? 1 : rate);
      if (random() % 10 == 0) now -= random() % kSecond;
      latest = std::max(latest, now);
      now = std::max(now, changed);
      exact.advance(clock.exact_rate(), latest);
      kept_back += exact.token() / (1 << 20);
      if (random() % 8 == 0) {
        const uint64_t coarsest = clock.units_per_token();
        kept_back += exact.yield_per_ns();
        rate = rates[random() % std::size(rates)];
        burst = bursts[random() % std::size(bursts)];
        const bool renew = random() % 20 == 0;
        clock = (renew ? clock.renewed(rate, burst, latest)
                       : clock.with_limits(rate, burst, latest))
                    .value();
        changed = latest;
        exact.advance(clock.exact_rate(), latest);
        if (renew) {
          exact.fill();
          kept_back = 0;
        }
        // A former scale's words are rounded in its units, and in the new ones.
        kept_back +=
            9 * exact.token() / std::min(coarsest, clock.units_per_token());
        continue;
      }
      if (random() % 8 == 0) {
        const int64_t cost = random() % 5;
        const uint64_t before = bucket.word();
        ASSERT_TRUE(bucket.give_back(clock, clock.at(now), cost));
        // A bucket that is full except for rounding may go either way.
        if (bucket.word() != before) exact.give_back(cost);
        continue;
      }
      const int64_t cost = 1 + random() % 3;
      const absl::int128 room =
          (burst - cost) * exact.token() - exact.debt(now);
      if (take(clock, bucket, now, cost)) {
        ASSERT_GE(room, 0) << "seed " << seed << " run " << run << " step " << i
                           << ": admitted beyond the bound at rate " << rate;
        exact.take(now, cost);
      } else {
        ASSERT_LT(room, kept_back + exact.yield_per_ns() +
                            exact.token() / clock.units_per_token() + 1)
            << "seed " << seed << " run " << run << " step " << i
            << ": refused what was there at rate " << rate << ", burst "
            << burst;
      }
      if (exact.debt(latest) == 0) kept_back = 0;
    }
  }
}

TEST(TokenBucket, ThreadsTakeExactlyTheBurst) {
  constexpr int64_t kBurst = 100'000;
  const TokenClock clock = make(33, kBurst);
  TokenBucket bucket;
  std::atomic<int64_t> admitted{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      int64_t mine = 0;
      while (take(clock, bucket, 12'345)) ++mine;
      admitted += mine;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(admitted, kBurst);
}

TEST(TokenBucket, ThreadsTakeNoMoreThanIsYielded) {
  constexpr int64_t kBurst = 1000;
  constexpr int64_t kEnd = kSecond;
  const TokenClock clock = make(1e5, kBurst);
  TokenBucket bucket;
  std::atomic<int64_t> now{0};
  std::atomic<int64_t> balance{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      int64_t mine = 0;
      for (int64_t t = 0; t < kEnd;) {
        t = now.fetch_add(5'000);
        const TokenInstant instant = clock.at(std::min(t, kEnd));
        if (bucket.take(clock, instant, 1).outcome != TakeOutcome::kTaken) {
          continue;
        }
        if (i == 0 && t % 3 == 0 && bucket.give_back(clock, instant, 1)) {
          continue;
        }
        ++mine;
      }
      balance += mine;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(balance, kBurst + 100'000);
  EXPECT_GE(balance, 100'000);
}

}  // namespace
}  // namespace weir
