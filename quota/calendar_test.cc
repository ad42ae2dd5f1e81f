#include "weir/quota/calendar.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "absl/time/civil_time.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

constexpr absl::CivilDay kDayZero(2000, 1, 1);

// Whether a period begins on `day`, by Abseil's calendar.
bool begins_period(int id, absl::CivilDay day) {
  if (id < 2) return true;
  if (id < 9) {
    // Abseil's weeks begin on Monday, ours on Sunday.
    return (static_cast<int>(absl::GetWeekday(day)) + 1) % 7 == id - 2;
  }
  return day.day() - 1 == id - 9;
}

TEST(QuotaCalendar, AgreesWithCivilDaysOnEveryDayForEveryId) {
  for (int id = 0; id < QuotaCalendar::kIds; ++id) {
    const QuotaCalendar calendar = QuotaCalendar::from_id(id);
    ASSERT_EQ(calendar.id(), id);
    Day start = 0;
    Day end = 0;
    for (Day day = 0; day <= kLastDay; ++day) {
      if (day == end) {
        start = day;
        do ++end;
        while (!begins_period(id, kDayZero + end));
      }
      ASSERT_EQ(calendar.period_start(day), start) << id << " " << day;
      ASSERT_EQ(calendar.period_end(day), end) << id << " " << day;
      ASSERT_LE(end - start, QuotaCalendar::kMaxPeriod);
    }
  }
}

TEST(QuotaCalendar, NumbersEachCalendarOnce) {
  EXPECT_EQ(QuotaCalendar(), QuotaCalendar::none());
  EXPECT_TRUE(QuotaCalendar::none().is_none());
  EXPECT_FALSE(QuotaCalendar::daily().is_none());
  EXPECT_EQ(QuotaCalendar::none().id(), 0);
  EXPECT_EQ(QuotaCalendar::daily().id(), 1);
  for (int i = 0; i < 7; ++i) EXPECT_EQ(QuotaCalendar::weekly(i).id(), 2 + i);
  for (int i = 0; i < 28; ++i) EXPECT_EQ(QuotaCalendar::monthly(i).id(), 9 + i);
  EXPECT_EQ(QuotaCalendar::kIds, 37);
}

TEST(DayOf, ChangesAtMidnightUtc) {
  const Day day = day_of(1'735'689'600'000'000'000);  // 2025-01-01T00:00:00Z
  EXPECT_EQ(kDayZero + day, absl::CivilDay(2025, 1, 1));
  EXPECT_EQ(day_of(1'735'689'599'999'999'999), day - 1);
  EXPECT_EQ(start_of(day), 1'735'689'600'000'000'000);
}

TEST(DayOf, IsTheInverseOfStartOf) {
  for (Day day = 0; day <= kLastDay; ++day) {
    ASSERT_EQ(day_of(start_of(day)), day);
    ASSERT_EQ(day_of(start_of(day + 1) - 1), day);
  }
}

TEST(DayOf, StopsAtTheEndsOfItsRange) {
  EXPECT_EQ(day_of(kDayZeroUnixNanos - 1), 0);
  EXPECT_EQ(day_of(std::numeric_limits<int64_t>::min()), 0);
  EXPECT_EQ(day_of(start_of(kLastDay + 1)), kLastDay);
  EXPECT_EQ(day_of(std::numeric_limits<int64_t>::max()), kLastDay);
  EXPECT_EQ(kDayZero + kLastDay, absl::CivilDay(2089, 9, 17));
}

}  // namespace
}  // namespace weir
