#include "weir/quota/quota_counter.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "gtest/gtest.h"
#include "weir/quota/calendar.h"
#include "weir/quota/daily_log.h"
#include "weir/quota/packed_words.h"
#include "weir/quota/quota_terms.h"
#include "weir/quota/testing/test_lines.h"

namespace weir {
namespace {

using testing::TestLines;

// A day of 2025: January begins on a Wednesday, June on a Sunday.
constexpr Day on(int month, int day) {
  return static_cast<Day>(absl::CivilDay(2025, month, day) -
                          absl::CivilDay(2000, 1, 1));
}

constexpr QuotaTerms daily(int64_t limit) {
  return {QuotaCalendar::daily(), limit, 0};
}
constexpr QuotaTerms weekly(int64_t limit, int start_day = 0) {
  return {QuotaCalendar::weekly(start_day), limit, 0};
}
constexpr QuotaTerms monthly(int64_t limit, int start_day = 0) {
  return {QuotaCalendar::monthly(start_day), limit, 0};
}

class QuotaCounterTest : public ::testing::Test {
 protected:
  QuotaCounterTest() { counter_.start(on(6, 1), QuotaCalendar::none()); }
  ~QuotaCounterTest() override {
    log_.release(lines_);
    EXPECT_EQ(lines_.out(), 0);
  }

  void attach(Day day, const QuotaTerms& terms) {
    counter_.start(day, terms.calendar);
  }
  bool take(const QuotaTerms& terms, Day day, int64_t cost) {
    const QuotaDecision checked = counter_.check(terms, day, cost, log_);
    const QuotaDecision taken = counter_.take(terms, day, cost, log_, lines_);
    EXPECT_EQ(checked.admitted, taken.admitted);
    const int64_t counted = taken.admitted ? cost : 0;
    EXPECT_EQ(checked.state.day, taken.state.day);
    EXPECT_EQ(checked.state.cap, taken.state.cap);
    EXPECT_EQ(checked.state.used_today + counted, taken.state.used_today);
    EXPECT_EQ(checked.state.used_in_period + counted,
              taken.state.used_in_period);
    return taken.admitted;
  }
  QuotaState read(const QuotaTerms& terms, Day day) {
    return counter_.read(terms, day, log_);
  }
  int64_t remaining(const QuotaTerms& terms, Day day) {
    return read(terms, day).remaining();
  }
  absl::StatusOr<QuotaState> set_remaining(const QuotaTerms& terms, Day day,
                                           int64_t n) {
    return counter_.set_remaining(terms, day, n, log_);
  }

  TestLines lines_;
  DailyLog log_;
  QuotaCounter counter_;
};

TEST_F(QuotaCounterTest, FitsHalfALine) {
  EXPECT_LE(sizeof(QuotaCounter), 32u);
}

TEST_F(QuotaCounterTest, GivesEachDayItsLimit) {
  attach(on(6, 1), daily(10));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(take(daily(10), on(6, 1), 1));
  EXPECT_FALSE(take(daily(10), on(6, 1), 1));
  EXPECT_EQ(remaining(daily(10), on(6, 1)), 0);
  EXPECT_EQ(remaining(daily(10), on(6, 2)), 10);
  EXPECT_TRUE(take(daily(10), on(6, 2), 10));
  EXPECT_FALSE(take(daily(10), on(6, 2), 1));
  EXPECT_EQ(log_.read(on(6, 1)), 10);
  EXPECT_EQ(log_.read(on(6, 2)), std::nullopt);
}

TEST_F(QuotaCounterTest, BeginsTheWeekOnItsStartDay) {
  attach(on(6, 1), weekly(100, 1));  // A Sunday, the last day before.
  EXPECT_TRUE(take(weekly(100, 1), on(6, 1), 100));
  EXPECT_FALSE(take(weekly(100, 1), on(6, 1), 1));
  EXPECT_TRUE(take(weekly(100, 1), on(6, 2), 60));
  EXPECT_TRUE(take(weekly(100, 1), on(6, 8), 40));
  EXPECT_FALSE(take(weekly(100, 1), on(6, 8), 1));
  EXPECT_EQ(remaining(weekly(100, 1), on(6, 9)), 100);
}

TEST_F(QuotaCounterTest, BeginsTheMonthOnItsStartDay) {
  attach(on(6, 14), monthly(100, 14));
  EXPECT_TRUE(take(monthly(100, 14), on(6, 14), 100));
  EXPECT_EQ(remaining(monthly(100, 14), on(6, 15)), 100);
  EXPECT_TRUE(take(monthly(100, 14), on(6, 15), 30));
  EXPECT_EQ(remaining(monthly(100, 14), on(7, 14)), 70);
  EXPECT_EQ(remaining(monthly(100, 14), on(7, 15)), 100);
}

TEST_F(QuotaCounterTest, SubtractsTheDiscountInTheInitialPeriodOnly) {
  const QuotaTerms terms{QuotaCalendar::monthly(), 100, 30};
  attach(on(6, 20), terms);
  EXPECT_TRUE(take(terms, on(6, 20), 70));
  EXPECT_FALSE(take(terms, on(6, 30), 1));
  EXPECT_TRUE(take(terms, on(7, 1), 100));
  EXPECT_FALSE(take(terms, on(7, 1), 1));
}

TEST_F(QuotaCounterTest, SubtractsTheDiscountToTheLastDayOfTheLongestPeriod) {
  const QuotaTerms terms{QuotaCalendar::monthly(), 100, 30};
  attach(on(7, 1), terms);
  EXPECT_EQ(read(terms, on(7, 31)).cap, 70);
  EXPECT_EQ(read(terms, on(8, 1)).cap, 100);
}

TEST_F(QuotaCounterTest, LeavesNothingWhenTheDiscountExceedsTheLimit) {
  const QuotaTerms terms{QuotaCalendar::daily(), 100, 130};
  attach(on(6, 20), terms);
  EXPECT_EQ(read(terms, on(6, 20)).cap, 0);
  EXPECT_FALSE(take(terms, on(6, 20), 1));
  EXPECT_EQ(read(terms, on(6, 21)).cap, 100);
}

TEST_F(QuotaCounterTest, AppliesANewLimitToWhatWasUsed) {
  attach(on(6, 1), monthly(100));
  EXPECT_TRUE(take(monthly(100), on(6, 1), 60));
  EXPECT_EQ(remaining(monthly(80), on(6, 1)), 20);
  EXPECT_EQ(remaining(monthly(40), on(6, 1)), 0);
  EXPECT_FALSE(take(monthly(40), on(6, 1), 1));
  EXPECT_TRUE(take(monthly(40), on(6, 1), 0));
  EXPECT_EQ(remaining(monthly(200), on(6, 1)), 140);
}

TEST_F(QuotaCounterTest, RecountsWhenTheCalendarChanges) {
  attach(on(6, 1), daily(20));
  EXPECT_TRUE(take(daily(20), on(6, 1), 10));  // A Sunday.
  EXPECT_TRUE(take(daily(20), on(6, 7), 20));
  EXPECT_TRUE(take(daily(20), on(6, 8), 5));  // A Sunday.
  EXPECT_EQ(read(monthly(100), on(6, 8)).used_in_period, 35);
  EXPECT_TRUE(take(monthly(100), on(6, 8), 1));
  EXPECT_EQ(remaining(monthly(100), on(6, 8)), 64);
  EXPECT_TRUE(take(weekly(100), on(6, 9), 2));
  EXPECT_EQ(read(weekly(100), on(6, 9)).used_in_period, 8);
  EXPECT_EQ(read(weekly(100, 1), on(6, 9)).used_in_period, 2);
  EXPECT_TRUE(take(daily(20), on(6, 9), 18));
  EXPECT_FALSE(take(daily(20), on(6, 9), 1));
  EXPECT_EQ(read(monthly(100), on(6, 30)).used_in_period, 56);
  EXPECT_EQ(read(monthly(100), on(7, 1)).used_in_period, 0);
}

TEST_F(QuotaCounterTest, CountsWithoutAQuotaAndRemembers) {
  const QuotaTerms none;
  EXPECT_TRUE(counter_.take(none, on(6, 1), INT64_MAX, log_, lines_).admitted);
  EXPECT_EQ(read(none, on(6, 1)).used_today, DayWord::kMaxCount);
  EXPECT_TRUE(take(none, on(6, 2), 7));
  EXPECT_EQ(remaining(none, on(6, 2)), QuotaState::kUnlimited);
  EXPECT_EQ(read(none, on(6, 2)).used_in_period, 7);
  EXPECT_EQ(log_.read(on(6, 1)), DayWord::kMaxCount);
  EXPECT_EQ(remaining(daily(10), on(6, 2)), 3);
  EXPECT_EQ(remaining(weekly(kMaxQuota), on(6, 2)), 0);
}

TEST_F(QuotaCounterTest, TakesAllOrNothing) {
  attach(on(6, 1), daily(10));
  EXPECT_TRUE(take(daily(10), on(6, 1), 7));
  EXPECT_FALSE(take(daily(10), on(6, 1), 4));
  EXPECT_EQ(remaining(daily(10), on(6, 1)), 3);
  EXPECT_TRUE(take(daily(10), on(6, 1), 3));
}

TEST_F(QuotaCounterTest, SaysWhenARefusedCostCanPass) {
  attach(on(6, 10), monthly(100));
  EXPECT_TRUE(take(monthly(100), on(6, 10), 50));
  const QuotaState state = read(monthly(100), on(6, 10));
  EXPECT_EQ(retry_day(monthly(100), state, 51), on(7, 1));
  EXPECT_EQ(retry_day(monthly(100), state, 100), on(7, 1));
  EXPECT_EQ(retry_day(monthly(100), state, 101), std::nullopt);
  EXPECT_EQ(retry_day(monthly(INT64_MAX), state, kMaxQuota + 1), std::nullopt);
}

TEST_F(QuotaCounterTest, CountsAnEarlierDayAsTheOneItIsOn) {
  attach(on(6, 1), daily(10));
  EXPECT_TRUE(take(daily(10), on(6, 2), 6));
  EXPECT_TRUE(take(daily(10), on(6, 1), 4));
  EXPECT_FALSE(take(daily(10), on(5, 1), 1));
  EXPECT_FALSE(take(daily(10), on(6, 2), 1));
  EXPECT_EQ(read(daily(10), on(6, 1)).day, on(6, 2));
  EXPECT_EQ(read(daily(10), on(6, 1)).used_today, 10);
}

TEST_F(QuotaCounterTest, GivesBackWhatWasTakenToday) {
  attach(on(6, 1), monthly(10));
  EXPECT_TRUE(take(monthly(10), on(6, 1), 6));
  EXPECT_TRUE(counter_.give_back(on(6, 1), 2));
  EXPECT_EQ(remaining(monthly(10), on(6, 1)), 6);
  EXPECT_TRUE(counter_.give_back(on(6, 1), 9));
  EXPECT_EQ(remaining(monthly(10), on(6, 1)), 10);
}

TEST_F(QuotaCounterTest, GivesBackNothingOfADayThatEnded) {
  attach(on(6, 1), monthly(10));
  EXPECT_TRUE(take(monthly(10), on(6, 1), 6));
  EXPECT_TRUE(take(monthly(10), on(6, 2), 2));
  EXPECT_FALSE(counter_.give_back(on(6, 1), 2));
  EXPECT_EQ(remaining(monthly(10), on(6, 2)), 2);
}

TEST_F(QuotaCounterTest, SetsWhatRemainsUpAndDown) {
  attach(on(6, 1), monthly(100));
  EXPECT_TRUE(take(monthly(100), on(6, 1), 60));
  for (const int64_t n : {50, 0, 500, 40, 7}) {
    const auto state = set_remaining(monthly(100), on(6, 2), n);
    ASSERT_TRUE(state.ok());
    EXPECT_EQ(state->remaining(), n);
    EXPECT_EQ(remaining(monthly(100), on(6, 2)), n);
    EXPECT_EQ(counter_.extension().amount, n - 40);
    EXPECT_EQ(counter_.extension().period_start, on(6, 1));
    EXPECT_EQ(counter_.extension().calendar, QuotaCalendar::monthly());
  }
  EXPECT_TRUE(take(monthly(100), on(6, 30), 7));
  EXPECT_FALSE(take(monthly(100), on(6, 30), 1));
}

TEST_F(QuotaCounterTest, EndsAnExtensionWithItsPeriod) {
  attach(on(6, 1), monthly(100));
  ASSERT_TRUE(set_remaining(monthly(100), on(6, 1), 0).ok());
  EXPECT_FALSE(take(monthly(100), on(6, 30), 1));
  EXPECT_EQ(remaining(monthly(100), on(7, 1)), 100);
  ASSERT_TRUE(set_remaining(monthly(100), on(7, 1), 500).ok());
  EXPECT_EQ(remaining(monthly(100), on(7, 31)), 500);
  EXPECT_EQ(remaining(monthly(100), on(8, 1)), 100);
}

TEST_F(QuotaCounterTest, KeepsAnExtensionUnderANewLimit) {
  attach(on(6, 1), monthly(100));
  EXPECT_TRUE(take(monthly(100), on(6, 1), 60));
  ASSERT_TRUE(set_remaining(monthly(100), on(6, 1), 50).ok());
  EXPECT_EQ(remaining(monthly(110), on(6, 1)), 60);
  EXPECT_EQ(remaining(monthly(20), on(6, 1)), 0);
}

TEST_F(QuotaCounterTest, ForgetsAnExtensionOfAnotherCalendar) {
  attach(on(6, 1), monthly(100));
  ASSERT_TRUE(set_remaining(monthly(100), on(6, 1), 5).ok());
  EXPECT_EQ(remaining(daily(100), on(6, 1)), 100);
  EXPECT_EQ(remaining(weekly(100), on(6, 1)), 100);
  EXPECT_EQ(remaining(monthly(100), on(6, 1)), 5);
}

TEST_F(QuotaCounterTest, ExtendsOverTheDiscount) {
  const QuotaTerms terms{QuotaCalendar::monthly(), 100, 130};
  attach(on(6, 20), terms);
  ASSERT_TRUE(set_remaining(terms, on(6, 20), 5).ok());
  EXPECT_TRUE(take(terms, on(6, 20), 5));
  EXPECT_FALSE(take(terms, on(6, 20), 1));
}

TEST_F(QuotaCounterTest, RejectsWhatCannotRemain) {
  const auto code = [&](const QuotaTerms& terms, int64_t n) {
    return set_remaining(terms, on(6, 1), n).status().code();
  };
  EXPECT_EQ(code({}, 5), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(code(daily(10), -1), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(daily(10), INT64_MAX), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(daily(10), kMaxQuota), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(daily(INT64_MAX), 0), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(daily(10), PeriodWord::kMaxSigned), absl::StatusCode::kOk);
  EXPECT_EQ(remaining(daily(10), on(6, 1)), PeriodWord::kMaxSigned);
}

TEST_F(QuotaCounterTest, LeavesWhatCanRemainAndNoMore) {
  const QuotaTerms most = daily(kMaxQuota);
  constexpr int64_t kSigned = PeriodWord::kMaxSigned;
  attach(on(6, 1), most);
  const auto can_remain = [&](const QuotaTerms& terms, int64_t n) {
    const bool can = set_remaining(terms, on(6, 1), n).ok();
    EXPECT_EQ(remaining(terms, on(6, 1)) == n, can) << n;
    return can;
  };
  EXPECT_TRUE(can_remain(most, kMaxQuota));
  EXPECT_FALSE(can_remain(most, kMaxQuota + 1));
  EXPECT_FALSE(can_remain(most, -1));
  // The largest extension, up or down, that can be represented.
  EXPECT_TRUE(can_remain(most, kMaxQuota - kSigned));
  EXPECT_FALSE(can_remain(most, kMaxQuota - kSigned - 1));
  EXPECT_TRUE(can_remain(daily(10), 10 + kSigned));
  EXPECT_FALSE(can_remain(daily(10), 10 + kSigned + 1));
  EXPECT_TRUE(can_remain(daily(10), 0));
  // Past usage counts too.
  ASSERT_TRUE(can_remain(most, kMaxQuota));
  ASSERT_TRUE(take(most, on(6, 1), 5));
  EXPECT_TRUE(can_remain(most, kMaxQuota - 5));
  EXPECT_FALSE(can_remain(most, kMaxQuota - 4));
}

TEST_F(QuotaCounterTest, TreatsHugeLimitsAsTheLargest) {
  attach(on(6, 1), daily(INT64_MAX));
  EXPECT_EQ(read(daily(INT64_MAX), on(6, 1)).cap, kMaxQuota);
  EXPECT_TRUE(take(daily(INT64_MAX), on(6, 1), kMaxQuota));
  EXPECT_FALSE(take(daily(INT64_MAX), on(6, 1), 1));
  EXPECT_TRUE(take(monthly(INT64_MAX), on(6, 2), 0));
  EXPECT_EQ(read(monthly(INT64_MAX), on(6, 2)).used_in_period, kMaxQuota);
}

TEST_F(QuotaCounterTest, CountsOnWhenThereIsNoLine) {
  TestLines none(/*most=*/0);
  counter_.start(on(6, 1), QuotaCalendar::monthly());
  for (int day = 1; day <= 20; ++day) {
    EXPECT_TRUE(
        counter_.take(monthly(100), on(6, day), 5, log_, none).admitted);
  }
  EXPECT_EQ(none.lost(), 19);
  EXPECT_FALSE(counter_.take(monthly(100), on(6, 20), 1, log_, none).admitted);
  // A recount does not see lost days.
  EXPECT_EQ(read(weekly(100), on(6, 20)).used_in_period, 5);
}

TEST_F(QuotaCounterTest, SurvivesYearsOfSilence) {
  attach(0, monthly(10));
  EXPECT_TRUE(take(monthly(10), 0, 10));
  EXPECT_TRUE(take(monthly(10), 5000, 10));
  EXPECT_TRUE(take(monthly(10), kLastDay, 10));
  EXPECT_FALSE(take(monthly(10), kLastDay, 1));
  EXPECT_EQ(log_.read(0), 10);
  EXPECT_EQ(log_.read(5000), 10);
}

TEST_F(QuotaCounterTest, ResumesWhereAnotherStopped) {
  attach(on(6, 1), monthly(100));
  EXPECT_TRUE(take(monthly(100), on(6, 1), 10));
  EXPECT_TRUE(take(monthly(100), on(6, 9), 20));
  EXPECT_TRUE(set_remaining(monthly(100), on(6, 9), 5).ok());
  QuotaCounter other;
  other.resume(counter_.first_day(), counter_.snapshot());
  const QuotaState state = other.read(monthly(100), on(6, 9), log_);
  EXPECT_EQ(state.used_today, 20);
  EXPECT_EQ(state.used_in_period, 30);
  EXPECT_EQ(state.remaining(), 5);
  EXPECT_EQ(other.first_day(), on(6, 1));
  EXPECT_EQ(other.extension().amount, -65);
}

TEST(QuotaWords, KnowWhatACounterCanHold) {
  const QuotaCalendar week = QuotaCalendar::weekly();
  const auto possible = [](DayWord today, PeriodWord period) {
    return QuotaWords{today, period, PeriodWord()}.are_possible();
  };
  EXPECT_TRUE(QuotaWords::at_start(7000, week).are_possible());
  EXPECT_TRUE(possible(DayWord(), PeriodWord()));
  EXPECT_TRUE(possible(DayWord(7000, 5), PeriodWord(week, 7000, 9)));
  EXPECT_FALSE(possible(DayWord(7000, 5), PeriodWord(week, 7001, 9)));
  EXPECT_FALSE(possible(DayWord(7001, 5), PeriodWord(week, 7000, 9)));
  const DayWord closed = DayWord(7000, 5).as_closed();
  EXPECT_TRUE(possible(closed, PeriodWord(week, 7000, 9)));
  EXPECT_TRUE(possible(closed, PeriodWord(week, 7001, 9)));
  EXPECT_FALSE(possible(closed, PeriodWord(week, 6999, 9)));
  const PeriodWord no_calendar(uint64_t{QuotaCalendar::kIds} << 58);
  EXPECT_FALSE(possible(DayWord(), no_calendar));
  EXPECT_FALSE(
      (QuotaWords{DayWord(), PeriodWord(), no_calendar}.are_possible()));
}

TEST_F(QuotaCounterTest, KeepsNinetyDays) {
  attach(on(1, 1), daily(1000));
  for (Day day = on(1, 1); day < on(1, 1) + 400; ++day) {
    EXPECT_TRUE(take(daily(1000), day, 1 + day % 1000));
    for (Day d = std::max(on(1, 1), day - 90); d < day; ++d) {
      ASSERT_EQ(log_.read(d), 1 + d % 1000);
    }
  }
}

}  // namespace
}  // namespace weir
