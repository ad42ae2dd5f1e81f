#ifndef WEIR_ENFORCER_DECISION_H_
#define WEIR_ENFORCER_DECISION_H_

#include <cstdint>
#include <limits>

#include "absl/time/time.h"
#include "quota/calendar.h"

namespace weir {

// What became of a request.
enum class Outcome : uint8_t {
  kAdmitted,
  kThrottled,      // a token bucket refused
  kQuotaExceeded,  // the period's quota refused
  kForbidden,      // the key may not call this stage at all
};

// Why a request was forbidden.
enum class Forbidden : uint8_t {
  kNo,
  kUnknownKey,
  kDisabledKey,
  kNoPlan,  // none of the key's plans covers the stage
};

// The limit that refused. The last two are those that all keys draw on.
enum class Limit : uint8_t {
  kNone,
  kPlanThrottle,
  kMethodThrottle,
  kQuota,
  kSharedThrottle,
  kSharedMethodThrottle,
};

// The answer to one `admit()`: a plain value. A refused request has consumed
// nothing. *thread-compatible*
class Decision {
 public:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  bool admitted() const { return outcome == Outcome::kAdmitted; }

  // How long until the same request, at the same cost, would pass if nothing
  // else were admitted meanwhile. Exact: it is refused a nanosecond earlier.
  // Zero if it was admitted; InfiniteDuration if it can never pass (its cost
  // exceeds the burst or the quota, the rate is 0, or the key is forbidden).
  absl::Duration retry_after() const {
    return retry_after_ns == kNever ? absl::InfiniteDuration()
                                    : absl::Nanoseconds(retry_after_ns);
  }

  // Whole tokens left in the bucket that governs this method (with two, in the
  // one that refused, else the method's), after this request. -1: no throttle.
  int64_t tokens_remaining() const {
    return units_per_token == 0
               ? -1
               : static_cast<int64_t>(units_remaining / units_per_token);
  }

  // When the quota's period ends. InfiniteFuture without a quota.
  absl::Time period_reset() const {
    return calendar.is_none()
               ? absl::InfiniteFuture()
               : absl::FromUnixNanos(start_of(calendar.period_end(day)));
  }

  // How long the quota's period is; 0 without a quota.
  int64_t period_seconds() const {
    constexpr int64_t kSecondsPerDay = 86'400;
    return calendar.is_none()
               ? 0
               : (calendar.period_end(day) - calendar.period_start(day)) *
                     kSecondsPerDay;
  }

  Outcome outcome = Outcome::kForbidden;
  Forbidden forbidden = Forbidden::kUnknownKey;
  Limit limit = Limit::kNone;

  int64_t retry_after_ns = kNever;

  // The governing throttle: its burst in tokens (-1: none), and the whole
  // seconds in which an empty bucket fills (at least 1; 0: never, or no
  // throttle).
  int64_t burst = -1;
  int64_t burst_window_seconds = 0;

  // The quota: what the period allows and what is left of it, after this
  // request; -1: no quota. The period is that of `calendar` which contains
  // `day`: `period_reset()` and `period_seconds()` work it out when asked.
  int64_t quota_limit = -1;
  int64_t quota_remaining = -1;
  QuotaCalendar calendar;
  Day day = 0;

  // When the decision was made, in Unix nanoseconds.
  int64_t made_at_unix_ns = 0;

  // In the bucket's own unit; `tokens_remaining()` divides when asked.
  uint64_t units_remaining = 0;
  uint64_t units_per_token = 0;
};

}  // namespace weir

#endif  // WEIR_ENFORCER_DECISION_H_
