// The HTTP response of a gateway for a decision.

#ifndef WEIR_ENFORCER_HTTP_RESPONSE_H_
#define WEIR_ENFORCER_HTTP_RESPONSE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/types/span.h"
#include "weir/enforcer/decision.h"

namespace weir {

// The part of an answer that the decision determines. All text is static.
// *thread-compatible*
struct HttpAnswer {
  int status = 200;
  // JSON, byte for byte as API Gateway sends it. "" if the request was
  // admitted: then the backend provides the answer.
  std::string_view body;
  // The value of the `x-amzn-ErrorType` header; "" if admitted.
  std::string_view error_type;
};

// Returns the answer for a decision. Does not allocate.
HttpAnswer http_answer(const Decision& decision) noexcept;

// How clients learn what is left. API Gateway itself does not tell them.
// docs/gateway.md describes what each format promises.
enum class HeaderFormat {
  kOff,
  // X-RateLimit-Limit, -Remaining and -Reset, of the throttle or the quota,
  // whichever has the least remaining. Reset is in seconds from now ...
  kXRateLimitDelta,
  // ... or in Unix seconds.
  kXRateLimitEpoch,
  // RateLimit-Policy and RateLimit of draft-ietf-httpapi-ratelimit-headers: an
  // item "burst" for the throttle, and an item "quota" for the quota. In draft
  // -10, `t` is the time until there is more ...
  kIetfDraft10,
  // ... and in draft -11, the time during which at most `r` can be used.
  kIetfDraft11,
};

struct RateLimitHeaderOptions {
  // Clients multiply Retry-After by 1,000 and by up to 1.2, for timers with 31
  // bits of milliseconds: from 1,789,570 seconds on, such a timer fires at
  // once.
  static constexpr int64_t kMaxRetryAfter = 1'789'569;

  RateLimitHeaderOptions() = default;
  // Implicit, because most callers choose only a format.
  RateLimitHeaderOptions(HeaderFormat format)  // NOLINT
      : format(format) {}

  HeaderFormat format = HeaderFormat::kIetfDraft11;
  // The longest wait that clients are asked for, in seconds, from 1 to
  // kMaxRetryAfter; other values are clamped to this range. A client whose
  // quota is renewed later than that comes back earlier, and is told again.
  int64_t max_retry_after = 86'400;
  // Seconds to add to a wait for the end of a quota's period, up to
  // max_retry_after; not negative. A caller that draws this value at random
  // spreads out clients that would otherwise all return at midnight.
  int64_t added_wait = 0;
};

struct HttpHeader {
  std::string_view name;   // static
  std::string_view value;  // in the caller's storage
};

// The most that `rate_limit_headers()` needs for any decision.
inline constexpr size_t kMaxRateLimitHeaders = 4;
inline constexpr size_t kMaxRateLimitHeaderBytes = 192;

// Writes the headers that tell a client what is left, in the format of
// `options`, and returns how many there are. Their values are in `storage`.
//
// A 429 begins with Retry-After, in whole seconds rounded up, if the request
// can ever pass. Retry-After is at most max_retry_after, and so is every other
// time in a 429 or with a remaining 0. If requests remain, a time is exact. No
// window of draft -11 ends after Retry-After, and no reset of the other formats
// comes before it. A time that never comes is omitted. Numbers are capped at
// 999,999,999,999,999. A forbidden request has no headers.
//
// If there is less room than the constants above, the last headers are omitted;
// no header is truncated. Does not allocate.
size_t rate_limit_headers(const Decision& decision,
                          const RateLimitHeaderOptions& options,
                          absl::Span<char> storage,
                          absl::Span<HttpHeader> headers) noexcept;

}  // namespace weir

#endif  // WEIR_ENFORCER_HTTP_RESPONSE_H_
