// Days as dates of the calendar.

#ifndef WEIR_QUOTA_DATE_H_
#define WEIR_QUOTA_DATE_H_

#include <optional>
#include <string>

#include "absl/time/civil_time.h"
#include "weir/quota/calendar.h"

namespace weir {

// The date of Day 0.
inline constexpr absl::CivilDay kDayZero(2000, 1, 1);

// Returns yyyy-mm-dd.
std::string format_date(Day day);

// Parses what `format_date()` returns, and nothing else, for the days from 0 to
// kLastDay.
std::optional<Day> parse_date(const std::string& date);

}  // namespace weir

#endif  // WEIR_QUOTA_DATE_H_
