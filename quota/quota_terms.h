#ifndef WEIR_QUOTA_QUOTA_TERMS_H_
#define WEIR_QUOTA_QUOTA_TERMS_H_

#include <algorithm>
#include <cstdint>

#include "weir/quota/calendar.h"
#include "weir/quota/packed_words.h"

namespace weir {

// The largest cap, and the largest count, of a period.
inline constexpr int64_t kMaxQuota = PeriodWord::kMaxCount;

// The quota of a usage plan. Without a quota the calendar is none() and the
// numbers are ignored. They are not negative.
struct QuotaTerms {
  QuotaCalendar calendar;
  int64_t limit = 0;             // Requests of one key in one period.
  int64_t initial_discount = 0;  // Off the limit, in the first day's period.
};

// An operator's change to one period of one key, up or down.
struct QuotaExtension {
  QuotaCalendar calendar;
  Day period_start = 0;
  int64_t amount = 0;
};

// The cap, without extensions, of a key attached on `first_day` in the period
// that contains `day`.
// REQUIRES: the terms have a quota.
constexpr int64_t planned_cap(const QuotaTerms& terms, Day first_day,
                              Day day) noexcept {
  int64_t cap = terms.limit;
  // For all but new keys, the second comparison is enough.
  if (terms.initial_discount != 0 &&
      day - first_day < QuotaCalendar::kMaxPeriod &&
      first_day >= terms.calendar.period_start(day)) {
    cap -= terms.initial_discount;
  }
  return std::clamp<int64_t>(cap, 0, kMaxQuota);
}

// The cap extended by `amount`, which may be negative.
constexpr int64_t extended_cap(int64_t cap, int64_t amount) noexcept {
  return std::clamp<int64_t>(cap + amount, 0, kMaxQuota);
}

}  // namespace weir

#endif  // WEIR_QUOTA_QUOTA_TERMS_H_
