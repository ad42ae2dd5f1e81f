#ifndef WEIR_QUOTA_PACKED_WORDS_H_
#define WEIR_QUOTA_PACKED_WORDS_H_

#include <algorithm>
#include <cstdint>

#include "weir/quota/calendar.h"

namespace weir {

// A day and its count: [closed:1 | day:15 | count:48]. The count of a closed
// day is final. Zero is an open day 0 without usage.
class DayWord {
 public:
  static constexpr int64_t kMaxCount = (int64_t{1} << 48) - 1;

  explicit constexpr DayWord(uint64_t bits = 0) noexcept : bits_(bits) {}

  // REQUIRES: 0 <= day <= kLastDay, 0 <= count <= kMaxCount
  constexpr DayWord(Day day, int64_t count) noexcept
      : bits_(static_cast<uint64_t>(day) << 48 | static_cast<uint64_t>(count)) {
  }

  constexpr uint64_t bits() const noexcept { return bits_; }
  constexpr bool closed() const noexcept { return bits_ & kClosed; }
  constexpr Day day() const noexcept { return bits_ << 1 >> 49; }
  constexpr int64_t count() const noexcept { return bits_ & kMaxCount; }

  // Whether this is `day` and open.
  constexpr bool open_on(Day day) const noexcept {
    return bits_ >> 48 == static_cast<uint64_t>(day);
  }

  // The same day with `n` more, capped at kMaxCount.
  // REQUIRES: n >= 0
  constexpr DayWord plus(int64_t n) const noexcept {
    return DayWord(bits_ +
                   static_cast<uint64_t>(std::min(n, kMaxCount - count())));
  }

  constexpr DayWord as_closed() const noexcept {
    return DayWord(bits_ | kClosed);
  }
  constexpr DayWord as_open() const noexcept {
    return DayWord(bits_ & ~kClosed);
  }

 private:
  static constexpr uint64_t kClosed = uint64_t{1} << 63;

  uint64_t bits_;
};

// An amount for a day under a calendar: [calendar:6 | day:15 | amount:43]. The
// amount is an unsigned count or a signed number.
class PeriodWord {
 public:
  static constexpr int64_t kMaxCount = (int64_t{1} << 43) - 1;
  static constexpr int64_t kMaxSigned = (int64_t{1} << 42) - 1;

  explicit constexpr PeriodWord(uint64_t bits = 0) noexcept : bits_(bits) {}

  // REQUIRES: 0 <= day <= kLastDay, -kMaxSigned <= amount <= kMaxCount
  constexpr PeriodWord(QuotaCalendar calendar, Day day, int64_t amount) noexcept
      : bits_(static_cast<uint64_t>(calendar.id()) << 58 |
              static_cast<uint64_t>(day) << 43 |
              (static_cast<uint64_t>(amount) & kMaxCount)) {}

  constexpr uint64_t bits() const noexcept { return bits_; }
  // REQUIRES: has_calendar(), which is true if the word was made from one.
  constexpr QuotaCalendar calendar() const noexcept {
    return QuotaCalendar::from_id(static_cast<int>(bits_ >> 58));
  }
  constexpr Day day() const noexcept { return bits_ << 6 >> 49; }
  constexpr int64_t count() const noexcept { return bits_ & kMaxCount; }
  constexpr int64_t signed_amount() const noexcept {
    return static_cast<int64_t>(bits_ << 21) >> 21;
  }

  // Whether the calendar's number is valid. For words from untrusted memory.
  constexpr bool has_calendar() const noexcept {
    return bits_ >> 58 < QuotaCalendar::kIds;
  }
  constexpr bool is_for(QuotaCalendar calendar) const noexcept {
    return bits_ >> 58 == static_cast<uint64_t>(calendar.id());
  }
  constexpr bool is_for(QuotaCalendar calendar, Day day) const noexcept {
    return bits_ >> 43 == PeriodWord(calendar, day, 0).bits_ >> 43;
  }

 private:
  uint64_t bits_;
};

}  // namespace weir

#endif  // WEIR_QUOTA_PACKED_WORDS_H_
