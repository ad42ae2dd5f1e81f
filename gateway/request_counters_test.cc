#include "weir/gateway/request_counters.h"

#include <array>
#include <cstdint>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "weir/enforcer/decision.h"

namespace weir {
namespace {

TEST(RequestCounters, CountByOutcome) {
  RequestCounters counters;
  EXPECT_EQ(counters.totals(), (std::array<int64_t, 4>{}));
  counters.count(Outcome::kAdmitted);
  counters.count(Outcome::kForbidden);
  counters.count(Outcome::kForbidden);
  EXPECT_EQ(counters.totals(), (std::array<int64_t, 4>{1, 0, 0, 2}));
  EXPECT_STREQ(name_of(Outcome::kQuotaExceeded), "quota_exceeded");
}

// More threads than there are rows.
TEST(RequestCounters, LoseNothing) {
  constexpr int kThreads = 80;
  constexpr int kCalls = 1000;
  RequestCounters counters;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < kCalls; ++j) {
        counters.count(j % 2 == 0 ? Outcome::kAdmitted : Outcome::kThrottled);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  constexpr int64_t kEach = kThreads * kCalls / 2;
  EXPECT_EQ(counters.totals(), (std::array<int64_t, 4>{kEach, kEach, 0, 0}));
}

}  // namespace
}  // namespace weir
