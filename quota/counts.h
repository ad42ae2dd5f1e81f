#ifndef WEIR_QUOTA_COUNTS_H_
#define WEIR_QUOTA_COUNTS_H_

#include "absl/types/span.h"
#include "quota/calendar.h"
#include "quota/daily_log.h"
#include "quota/quota_counter.h"
#include "quota/words.h"

namespace weir {

// One key's usage under one plan. All zeros are counts that started on day 0.
struct Counts {
  QuotaCounter quota;
  DailyLog log;
};

static_assert(sizeof(Counts) == 40, "part of a cache line");

// What counts hold, to be kept elsewhere and to go on from.
struct CountsCopy {
  // What a key has used that is attached on `day`: nothing.
  static constexpr CountsCopy at_start(Day day,
                                       QuotaCalendar calendar) noexcept {
    return {day, QuotaWords::at_start(day, calendar), {}};
  }

  Day first_day;
  QuotaWords words;
  // That ended, in their order, as far as the log has them. A day that has
  // just been closed may be there and in `words`, with the same count.
  absl::Span<const DayWord> days;
};

}  // namespace weir

#endif  // WEIR_QUOTA_COUNTS_H_
