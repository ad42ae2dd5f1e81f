// Counts of requests by outcome.

#ifndef WEIR_CLI_REPLAY_TALLY_H_
#define WEIR_CLI_REPLAY_TALLY_H_

#include <cstdint>

#include "weir/enforcer/decision.h"

namespace weir::cli {

// A count for each outcome. A plain value type.
struct Tally {
  std::int64_t admitted = 0;
  std::int64_t throttled = 0;
  std::int64_t quota_exceeded = 0;
  std::int64_t forbidden = 0;

  std::int64_t requests() const {
    return admitted + throttled + quota_exceeded + forbidden;
  }

  void add(Outcome outcome) {
    switch (outcome) {
      case Outcome::kAdmitted:
        ++admitted;
        break;
      case Outcome::kThrottled:
        ++throttled;
        break;
      case Outcome::kQuotaExceeded:
        ++quota_exceeded;
        break;
      case Outcome::kForbidden:
        ++forbidden;
        break;
    }
  }

  Tally& operator+=(const Tally& other) {
    admitted += other.admitted;
    throttled += other.throttled;
    quota_exceeded += other.quota_exceeded;
    forbidden += other.forbidden;
    return *this;
  }
};

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_TALLY_H_
