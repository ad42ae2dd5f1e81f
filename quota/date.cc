#include "weir/quota/date.h"

namespace weir {

std::string format_date(Day day) {
  return absl::FormatCivilTime(kDayZero + day);
}

std::optional<Day> parse_date(const std::string& date) {
  absl::CivilDay day;
  // Only the canonical form: "2026-02-30" would be parsed as another day.
  if (absl::ParseCivilTime(date, &day) && absl::FormatCivilTime(day) == date &&
      day >= kDayZero && day <= kDayZero + kLastDay) {
    return static_cast<Day>(day - kDayZero);
  }
  return std::nullopt;
}

}  // namespace weir
