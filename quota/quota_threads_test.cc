// Threads that cross midnights together.

#include <atomic>
#include <cstdint>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "weir/quota/calendar.h"
#include "weir/quota/daily_log.h"
#include "weir/quota/quota_counter.h"
#include "weir/quota/quota_terms.h"
#include "weir/quota/testing/test_lines.h"

namespace weir {
namespace {

using testing::TestLines;

constexpr Day kFirst = 9283;  // 2025-06-01
constexpr int kDays = 90;     // The log keeps all of them.
constexpr int kRounds = 40;
constexpr int kThreads = 4;
constexpr int kCallsPerDay = 12;

// Runs threads that take from one counter while days pass, and adds up what
// each day admitted.
std::map<Day, int64_t> cross_midnights(const std::vector<QuotaTerms>& terms,
                                       QuotaCounter& counter, DailyLog& log,
                                       TestLines& lines) {
  counter.start(kFirst, terms[0].calendar);
  std::atomic<int> calls{0};
  std::vector<std::map<Day, int64_t>> admitted(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (;;) {
        const int call = calls.fetch_add(1, std::memory_order_relaxed);
        if (call >= kDays * kCallsPerDay) return;
        // Every fifth call comes late.
        const Day day = kFirst + call / kCallsPerDay - (call % 5 == 0);
        const int64_t cost = 1 + call % 3;
        const QuotaDecision decision =
            counter.take(terms[call / 7 % terms.size()], day, cost, log, lines);
        if (decision.admitted) admitted[t][decision.state.day] += cost;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::map<Day, int64_t> total;
  for (const auto& days : admitted) {
    for (const auto& [day, count] : days) total[day] += count;
  }
  return total;
}

void expect_exact(const std::vector<QuotaTerms>& terms) {
  for (int round = 0; round < kRounds; ++round) {
    TestLines lines;
    DailyLog log;
    QuotaCounter counter;
    const auto admitted = cross_midnights(terms, counter, log, lines);
    const QuotaState end = counter.read(terms[0], 0, log);
    std::map<Day, int64_t> periods;
    for (Day day = kFirst; day <= end.day; ++day) {
      const auto found = admitted.find(day);
      const int64_t count = found == admitted.end() ? 0 : found->second;
      ASSERT_EQ(day == end.day ? end.used_today : log.read(day).value_or(0),
                count)
          << day;
      periods[terms[0].calendar.period_start(day)] += count;
    }
    EXPECT_EQ(periods[end.period_start()], end.used_in_period);
    if (terms.size() == 1) {
      for (const auto& [start, count] : periods) {
        EXPECT_LE(count, terms[0].limit) << start;
      }
    }
    log.release(lines);
    EXPECT_EQ(lines.out(), 0);
  }
}

TEST(QuotaThreads, KeepDaysExact) {
  expect_exact({{QuotaCalendar::daily(), 15, 0}});
}

TEST(QuotaThreads, KeepWeeksExact) {
  expect_exact({{QuotaCalendar::weekly(2), 110, 0}});
}

TEST(QuotaThreads, KeepMonthsExact) {
  expect_exact({{QuotaCalendar::monthly(9), 500, 0}});
}

TEST(QuotaThreads, LoseNothingWhileTheCalendarChanges) {
  expect_exact({{QuotaCalendar::monthly(), kMaxQuota, 0},
                {QuotaCalendar::weekly(), kMaxQuota, 0},
                {QuotaCalendar::none(), 0, 0}});
}

}  // namespace
}  // namespace weir
