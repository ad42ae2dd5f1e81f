#ifndef WEIR_ENFORCER_DECISION_H_
#define WEIR_ENFORCER_DECISION_H_

#include <cstdint>
#include <limits>

#include "absl/time/time.h"
#include "weir/quota/calendar.h"

namespace weir {

// The outcome of a request.
enum class Outcome : uint8_t {
  kAdmitted,
  kThrottled,      // a token bucket refused
  kQuotaExceeded,  // the period's quota refused
  kForbidden,      // the key may not call this stage
};

// Why a request was forbidden.
enum class Forbidden : uint8_t {
  kNo,
  kUnknownKey,
  kDisabledKey,
  kNoPlan,  // none of the key's plans covers the stage
};

// The limit that refused. All keys share the last two.
enum class Limit : uint8_t {
  kNone,
  kPlanThrottle,
  kMethodThrottle,
  kQuota,
  kSharedThrottle,
  kSharedMethodThrottle,
};

// The result of one `admit()`: a plain value. A refused request has consumed
// nothing. *thread-compatible*
class Decision {
 public:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  bool admitted() const { return outcome == Outcome::kAdmitted; }

  // How long until the same request, at the same cost, would be admitted if
  // nothing else were admitted in the meantime. Exact: one nanosecond earlier
  // it would be refused. Zero if the request was admitted; InfiniteDuration if
  // it can never be admitted (its cost exceeds the burst or the quota, the rate
  // is 0, or the key is forbidden).
  absl::Duration retry_after() const {
    return retry_after_ns == kNever ? absl::InfiniteDuration()
                                    : absl::Nanoseconds(retry_after_ns);
  }

  // Whole tokens left, after this request, in the bucket that governs this
  // method. If two buckets govern it: the one that refused, else the method's.
  // -1 without a throttle.
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

  // The length of the quota's period; 0 without a quota.
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

  // The governing throttle: its burst in tokens (-1: no throttle), and the
  // whole seconds that an empty bucket takes to fill (at least 1; 0: it never
  // fills, or no throttle).
  int64_t burst = -1;
  int64_t burst_window_seconds = 0;

  // The quota: what the period allows, and what is left of it after this
  // request; -1 without a quota. The period is the one of `calendar` that
  // contains `day`; `period_reset()` and `period_seconds()` compute it on
  // request.
  int64_t quota_limit = -1;
  int64_t quota_remaining = -1;
  QuotaCalendar calendar;
  Day day = 0;

  // When the decision was made, in Unix nanoseconds.
  int64_t made_at_unix_ns = 0;

  // In the bucket's own unit; `tokens_remaining()` divides on request.
  uint64_t units_remaining = 0;
  uint64_t units_per_token = 0;
};

}  // namespace weir

#endif  // WEIR_ENFORCER_DECISION_H_
