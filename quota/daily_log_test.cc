#include "weir/quota/daily_log.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>

#include "gtest/gtest.h"
#include "weir/quota/calendar.h"
#include "weir/quota/packed_words.h"
#include "weir/quota/testing/test_lines.h"
#include "weir/tests/interleaving/interleaving.h"

namespace weir {
namespace {

using testing::Bounds;
using testing::explore;
using testing::Program;
using testing::ScheduledAtomic;
using testing::TestLines;

constexpr auto kDue = [] { return true; };
constexpr auto kNotDue = [] { return false; };

class DailyLogTest : public ::testing::Test {
 protected:
  ~DailyLogTest() override {
    log_.release(lines_);
    EXPECT_EQ(lines_.out(), 0);
  }

  bool record(Day day, int64_t count) {
    return log_.record(DayWord(day, count), kDue, lines_);
  }

  TestLines lines_;
  DailyLog log_;
};

TEST_F(DailyLogTest, TakesEightBytesAndALineForSevenDays) {
  EXPECT_EQ(sizeof(DailyLog), 8u);
  for (Day day = 700; day < 707; ++day) EXPECT_TRUE(record(day, 1));
  EXPECT_EQ(lines_.out(), 1);
  EXPECT_TRUE(record(707, 1));
  EXPECT_EQ(lines_.out(), 2);
}

TEST_F(DailyLogTest, ReadsOnlyTheDaysThatWereRecorded) {
  EXPECT_EQ(log_.read(0), std::nullopt);
  record(0, 4);
  record(9000, 5);
  EXPECT_EQ(log_.read(0), 4);
  EXPECT_EQ(log_.read(1), std::nullopt);
  EXPECT_EQ(log_.read(9000), 5);
  EXPECT_EQ(log_.read(9001), std::nullopt);
  EXPECT_EQ(log_.read(9000 - DailyLog::kDays), std::nullopt);
  EXPECT_EQ(log_.read(9000 + DailyLog::kDays), std::nullopt);
}

TEST_F(DailyLogTest, SumsBothEndsAndNothingElse) {
  for (Day day = 5000; day < 5040; ++day) record(day, day);
  for (Day first = 4995; first < 5045; ++first) {
    int64_t total = 0;
    for (Day last = first - 1; last < 5045; ++last) {
      if (last >= first && last >= 5000 && last < 5040) total += last;
      ASSERT_EQ(log_.sum(first, last), total) << first << " " << last;
    }
  }
}

TEST_F(DailyLogTest, KeepsTheFirstRecordOfADay) {
  record(8000, 3);
  EXPECT_TRUE(record(8000, 4));
  EXPECT_EQ(log_.read(8000), 3);
}

TEST_F(DailyLogTest, ReplacesTheDayThatIsOldest) {
  constexpr Day kFirst = 8000;
  for (Day day = kFirst; day < kFirst + 3 * DailyLog::kDays; ++day) {
    record(day, day);
    for (Day d = std::max(kFirst, day - DailyLog::kDays + 1); d <= day; ++d) {
      ASSERT_EQ(log_.read(d), d);
    }
    ASSERT_EQ(log_.read(day - DailyLog::kDays), std::nullopt);
  }
  EXPECT_EQ(lines_.out(), DailyLog::kLines);
}

TEST_F(DailyLogTest, ReplacesNothingNewer) {
  record(8000 + DailyLog::kDays, 3);
  EXPECT_TRUE(record(8000, 4));
  EXPECT_EQ(log_.read(8000 + DailyLog::kDays), 3);
}

TEST_F(DailyLogTest, WritesNothingOnceTheDayIsNoLongerDue) {
  record(8000, 3);
  EXPECT_TRUE(log_.record(DayWord(8000 + DailyLog::kDays, 4), kNotDue, lines_));
  EXPECT_EQ(log_.read(8000), 3);
}

TEST_F(DailyLogTest, LosesToAWriterBetweenReadingAndWriting) {
  const Day later = 8000 + DailyLog::kDays;
  log_.record(
      DayWord(8000, 4),
      [&] {
        record(later, 5);
        return true;
      },
      lines_);
  EXPECT_EQ(log_.read(8000), std::nullopt);
  EXPECT_EQ(log_.read(later), 5);
}

TEST(DailyLog, SaysWhenThereIsNoLine) {
  TestLines lines(/*most=*/1);
  DailyLog log;
  EXPECT_TRUE(log.record(DayWord(7000, 1), kDue, lines));
  EXPECT_FALSE(log.record(DayWord(7007, 1), kDue, lines));
  EXPECT_TRUE(log.record(DayWord(7001, 1), kDue, lines));
  EXPECT_EQ(log.sum(7000, 7007), 2);
  log.release(lines);
  EXPECT_EQ(lines.out(), 0);
  EXPECT_EQ(log.read(7000), std::nullopt);
}

// A thread that loses the race to add a line uses the winner's line and returns
// its own.
TEST(DailyLog, GivesEveryGroupOneLineInEveryInterleaving) {
  struct State {
    TestLines lines;
    BasicDailyLog<ScheduledAtomic> log;
  };
  for (const Day other : {700, 701, 707}) {
    const auto explored = explore(
        [=](Program& program) {
          auto state = std::make_shared<State>();
          for (const Day day : {700, other}) {
            program.thread([=] {
              state->log.record(DayWord(day, 5), kDue, state->lines);
            });
          }
          program.at_end([=] {
            EXPECT_EQ(state->log.read(700), 5);
            EXPECT_EQ(state->log.read(other), 5);
            EXPECT_EQ(state->lines.out(), other == 707 ? 2 : 1);
            state->log.release(state->lines);
            EXPECT_EQ(state->lines.out(), 0);
          });
        },
        Bounds{testing::kAnyPreemptions, /*late_reads=*/2});
    EXPECT_TRUE(explored.complete);
  }
}

// A line that is being added is found complete or not at all.
TEST(DailyLog, IsReadWhileItGrows) {
  struct State {
    ~State() { log.release(lines); }
    TestLines lines;
    BasicDailyLog<ScheduledAtomic> log;
  };
  for (const bool sums : {false, true}) {
    const auto explored = explore(
        [=](Program& program) {
          auto state = std::make_shared<State>();
          program.thread([=] {
            for (const Day day : {700, 707}) {
              state->log.record(DayWord(day, 5), kDue, state->lines);
            }
          });
          program.thread([=] {
            const int64_t seen = sums ? state->log.sum(700, 706)
                                      : state->log.read(700).value_or(0);
            EXPECT_TRUE(seen == 0 || seen == 5) << seen;
          });
        },
        Bounds{testing::kAnyPreemptions, /*late_reads=*/2});
    EXPECT_TRUE(explored.complete);
  }
}

}  // namespace
}  // namespace weir
