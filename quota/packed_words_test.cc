#include "weir/quota/packed_words.h"

#include <cstdint>

#include "gtest/gtest.h"
#include "weir/quota/calendar.h"

namespace weir {
namespace {

TEST(DayWord, KeepsItsFieldsApart) {
  for (const Day day : {0, 1, kLastDay}) {
    for (const int64_t count : {int64_t{0}, int64_t{7}, DayWord::kMaxCount}) {
      const DayWord open(day, count);
      const DayWord closed = open.as_closed();
      for (const DayWord word : {open, closed}) {
        EXPECT_EQ(word.day(), day);
        EXPECT_EQ(word.count(), count);
      }
      EXPECT_FALSE(open.closed());
      EXPECT_TRUE(closed.closed());
      EXPECT_EQ(closed.as_open().bits(), open.bits());
      EXPECT_TRUE(open.open_on(day));
      EXPECT_FALSE(closed.open_on(day));
      EXPECT_FALSE(open.open_on(day ^ 1));
    }
  }
}

TEST(DayWord, StopsAtItsLargestCount) {
  const DayWord word(5, DayWord::kMaxCount - 2);
  EXPECT_EQ(word.plus(2).count(), DayWord::kMaxCount);
  EXPECT_EQ(word.plus(3).bits(), word.plus(2).bits());
  EXPECT_EQ(word.plus(INT64_MAX).bits(), word.plus(2).bits());
}

TEST(PeriodWord, KeepsItsFieldsApart) {
  for (const int id : {0, 1, QuotaCalendar::kIds - 1}) {
    const QuotaCalendar calendar = QuotaCalendar::from_id(id);
    for (const Day day : {0, 1, kLastDay}) {
      for (const int64_t amount :
           {int64_t{0}, int64_t{9}, PeriodWord::kMaxSigned,
            -PeriodWord::kMaxSigned}) {
        const PeriodWord word(calendar, day, amount);
        EXPECT_EQ(word.calendar(), calendar);
        EXPECT_EQ(word.day(), day);
        EXPECT_EQ(word.signed_amount(), amount);
        EXPECT_TRUE(word.is_for(calendar));
        EXPECT_TRUE(word.is_for(calendar, day));
        EXPECT_FALSE(word.is_for(QuotaCalendar::weekly()));
        EXPECT_FALSE(word.is_for(calendar, day ^ 1));
      }
      const PeriodWord full(calendar, day, PeriodWord::kMaxCount);
      EXPECT_EQ(full.count(), PeriodWord::kMaxCount);
      EXPECT_EQ(full.day(), day);
    }
  }
}

}  // namespace
}  // namespace weir
