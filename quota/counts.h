#ifndef WEIR_QUOTA_COUNTS_H_
#define WEIR_QUOTA_COUNTS_H_

#include "absl/types/span.h"
#include "weir/memory/line_source.h"
#include "weir/quota/calendar.h"
#include "weir/quota/daily_log.h"
#include "weir/quota/packed_words.h"
#include "weir/quota/quota_counter.h"

namespace weir {

// A copy of a Counts, from which counting can resume elsewhere.
struct CountsCopy {
  // The counts of a key that is attached on `day`: no usage.
  static constexpr CountsCopy at_start(Day day,
                                       QuotaCalendar calendar) noexcept {
    return {day, QuotaWords::at_start(day, calendar), {}};
  }

  Day first_day;
  QuotaWords words;
  // The past days that are in the log, in ascending order. A day that has just
  // been closed may be both here and in `words`, with the same count.
  absl::Span<const DayWord> days;
};

// One key's usage under one plan. All zeros are counts that started on day 0.
struct Counts {
  // Resumes from `copy`. Returns false, with nothing changed, if there were no
  // lines for its days.
  // REQUIRES: no other thread uses this; the log is empty.
  bool resume(const CountsCopy& copy, internal::LineSource& lines) noexcept {
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
