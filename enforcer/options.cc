#include "weir/enforcer/options.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "weir/base/status_macros.h"
#include "weir/base/thread_number.h"
#include "weir/memory/arena.h"
#include "weir/throttle/token_clock.h"

namespace weir {
namespace {

template <class T>
absl::Status check_range(absl::string_view option, T value, T from, T to) {
  if (from <= value && value <= to) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "Options::", option, ": ", value, " is not from ", from, " to ", to));
}

}  // namespace

absl::Status validate_options(const Options& options) {
  if (options.quota_offset != QuotaOffset::kRequests &&
      options.quota_offset != QuotaOffset::kStartDay) {
    return absl::InvalidArgumentError("Options::quota_offset: unknown value");
  }
  if (options.method_throttle != MethodThrottle::kReplacesPlan &&
      options.method_throttle != MethodThrottle::kAddsToPlan) {
    return absl::InvalidArgumentError(
        "Options::method_throttle: unknown value");
  }
  if (options.sync_interval < absl::ZeroDuration() ||
      options.sync_interval > absl::Hours(24)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "Options::sync_interval: ", absl::FormatDuration(options.sync_interval),
        " is not from 0 to 24h"));
  }
  WEIR_RETURN_IF_ERROR(check_range("arena_bytes", options.arena_bytes,
                                   internal::Arena::kMin,
                                   internal::Arena::kMax));
  WEIR_RETURN_IF_ERROR(check_range("lease_threads", options.lease_threads, 0,
                                   internal::ThreadNumber::kMax));
  return check_range("lease_tokens", options.lease_tokens, int64_t{1},
                     TokenClock::kMaxBurst);
}

}  // namespace weir
