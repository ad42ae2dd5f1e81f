#ifndef WEIR_QUOTA_CALENDAR_H_
#define WEIR_QUOTA_CALENDAR_H_

#include <algorithm>
#include <cassert>
#include <cstdint>

namespace weir {

// A UTC day, counted from 2000-01-01 = 0. A counter holds the days up to
// kLastDay (2089-09-17); the end of a period may lie some days beyond.
using Day = int32_t;

inline constexpr Day kLastDay = (1 << 15) - 1;

inline constexpr int64_t kNanosPerDay = int64_t{86'400} * 1'000'000'000;
inline constexpr int64_t kDayZeroUnixNanos = 10'957 * kNanosPerDay;

// The day on which `unix_ns` falls. Times before 2000 count as day 0, times
// after kLastDay as kLastDay.
constexpr Day day_of(int64_t unix_ns) noexcept {
  if (unix_ns < kDayZeroUnixNanos) return 0;
  const auto since = static_cast<uint64_t>(unix_ns - kDayZeroUnixNanos);
  constexpr auto kNanos = static_cast<uint64_t>(kNanosPerDay);
  return static_cast<Day>(
      std::min(since / kNanos, static_cast<uint64_t>(kLastDay)));
}

// The Unix time in nanoseconds at which `day` begins.
constexpr int64_t start_of(Day day) noexcept {
  return kDayZeroUnixNanos + day * kNanosPerDay;
}

// A rule that divides UTC days into quota periods. A value of one byte; all
// functions are a few instructions, without tables or allocation.
// *thread-compatible*
class QuotaCalendar {
 public:
  // No quota: usage is counted by day, without a cap.
  constexpr QuotaCalendar() noexcept = default;

  static constexpr QuotaCalendar none() noexcept { return QuotaCalendar(); }
  static constexpr QuotaCalendar daily() noexcept {
    return QuotaCalendar(kDaily);
  }

  // Weeks that begin on `start_day`, 0 for Sunday to 6 for Saturday.
  // REQUIRES: 0 <= start_day <= 6
  static constexpr QuotaCalendar weekly(int start_day = 0) noexcept {
    assert(0 <= start_day && start_day < 7);
    return QuotaCalendar(kWeekly + start_day);
  }

  // Months that begin `start_day` days after the first: 0 for the 1st to 27
  // for the 28th.
  // REQUIRES: 0 <= start_day <= 27
  static constexpr QuotaCalendar monthly(int start_day = 0) noexcept {
    assert(0 <= start_day && start_day < 28);
    return QuotaCalendar(kMonthly + start_day);
  }

  static constexpr int kMaxPeriod = 31;  // In days.

  // Each calendar has a unique number in [0, kIds), which fits in six bits.
  static constexpr int kIds = 1 + 1 + 7 + 28;

  // REQUIRES: 0 <= id < kIds
  static constexpr QuotaCalendar from_id(int id) noexcept {
    assert(0 <= id && id < kIds);
    return QuotaCalendar(id);
  }
  constexpr int id() const noexcept { return id_; }

  constexpr bool is_none() const noexcept { return id_ == kNone; }

  // The first day of the period that contains `day`. No period begins before
  // day 0: a period that would is cut short there.
  // REQUIRES: 0 <= day <= kLastDay + 31
  constexpr Day period_start(Day day) const noexcept {
    if (id_ < kWeekly) return day;
    return std::max(id_ < kMonthly ? week_start(day) : month_start(day), 0);
  }

  // The first day of the period after the one that contains `day`.
  // REQUIRES: 0 <= day <= kLastDay
  constexpr Day period_end(Day day) const noexcept {
    if (id_ < kWeekly) return day + 1;
    if (id_ < kMonthly) return week_start(day) + 7;
    // 31 days on is always within the next month: at most its 4th day.
    return month_start(month_start(day) + 31);
  }

  friend constexpr bool operator==(QuotaCalendar a, QuotaCalendar b) noexcept {
    return a.id_ == b.id_;
  }
  friend constexpr bool operator!=(QuotaCalendar a, QuotaCalendar b) noexcept {
    return a.id_ != b.id_;
  }

 private:
  // The first id of each kind.
  static constexpr int kNone = 0;
  static constexpr int kDaily = 1;
  static constexpr int kWeekly = 2;
  static constexpr int kMonthly = kWeekly + 7;

  explicit constexpr QuotaCalendar(int id) noexcept
      : id_(static_cast<uint8_t>(id)) {}

  constexpr Day week_start(Day day) const noexcept {
    // Day 0 was a Saturday, 6; 7 more keep the dividend positive.
    const int start_day = id_ - kWeekly;
    return day -
           static_cast<Day>(static_cast<uint32_t>(day + 13 - start_day) % 7);
  }

  constexpr Day month_start(Day day) const noexcept {
    // Years counted from March 1 end with their leap day. From 1996 to 2100
    // every fourth year has one, so four years have 1461 days.
    constexpr Day kMarch1996 = -1401;
    const int start_day = id_ - kMonthly;
    const auto since = static_cast<uint32_t>(day - start_day - kMarch1996);
    const uint32_t day_of_year =
        since % 1461 % 365 + (since % 1461 == 1460 ? 365 : 0);
    // The five months from March have 153 days, as have those from August, so
    // month m begins on day (153 m + 2) / 5.
    const uint32_t month = (5 * day_of_year + 2) / 153;
    return day - static_cast<Day>(day_of_year - (153 * month + 2) / 5);
  }

  uint8_t id_ = kNone;
};

}  // namespace weir

#endif  // WEIR_QUOTA_CALENDAR_H_
