#ifndef WEIR_QUOTA_COUNTS_H_
#define WEIR_QUOTA_COUNTS_H_

#include "absl/types/span.h"
#include "quota/calendar.h"
#include "quota/daily_log.h"
#include "quota/line_source.h"
#include "quota/quota_counter.h"
#include "quota/words.h"

namespace weir {

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

// One key's usage under one plan. All zeros are counts that started on day 0.
struct Counts {
  // Goes on from `copy`. False if there were no lines for its days; then it is
  // as it was. REQUIRES: nobody else uses it; the log is empty.
  bool resume(const CountsCopy& copy, LineSource& lines) noexcept {
    for (const DayWord day : copy.days) {
      if (!log.record(
              day, [] { return true; }, lines)) {
        log.release(lines);
        return false;
      }
    }
    quota.resume(copy.first_day, copy.words);
    return true;
  }

  QuotaCounter quota;
  DailyLog log;
};

static_assert(sizeof(Counts) == 40, "part of a cache line");

}  // namespace weir

#endif  // WEIR_QUOTA_COUNTS_H_
