// What a gateway answers over HTTP for a decision.

#ifndef WEIR_ENFORCER_HTTP_RESPONSE_H_
#define WEIR_ENFORCER_HTTP_RESPONSE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/types/span.h"
#include "enforcer/decision.h"

namespace weir {

// The part of an answer that the decision settles. All text is static.
// *thread-compatible*
struct HttpAnswer {
  int status = 200;
  // JSON, byte for byte as API Gateway sends it. "" if the request was
  // admitted: the answer is the backend's to give then.
  std::string_view body;
  // The value of the `x-amzn-ErrorType` header; "" if admitted.
  std::string_view error_type;
};

// Does not allocate.
HttpAnswer http_answer(const Decision& decision) noexcept;

// How clients are told what is left. API Gateway itself tells them nothing.
// docs/gateway.md says what each format promises.
enum class HeaderFormat {
  kOff,
  // X-RateLimit-Limit, -Remaining and -Reset, of whichever of throttle and
  // quota has the least remaining. Reset is in seconds from now ...
  kXRateLimitDelta,
  // ... or in Unix seconds.
  kXRateLimitEpoch,
  // RateLimit-Policy and RateLimit of draft-ietf-httpapi-ratelimit-headers: an
  // item "burst" for the throttle, an item "quota" for the quota. In draft -10,
  // `t` is the time until there is more ...
  kIetfDraft10,
  // ... in draft -11, the time within which there is no more than `r`.
  kIetfDraft11,
};

struct RateLimitHeaderOptions {
  // Clients multiply Retry-After by 1,000 and by up to 1.2 for a timer that has
  // 31 bits of milliseconds: from 1,789,570 seconds on, such a timer fires at
  // once.
  static constexpr int64_t kMostRetryAfter = 1'789'569;

  RateLimitHeaderOptions() = default;
  // Implicit: most callers choose a format and no more.
  RateLimitHeaderOptions(HeaderFormat format)  // NOLINT
      : format(format) {}

  HeaderFormat format = HeaderFormat::kIetfDraft11;
  // The longest wait that a client is asked for, in seconds; from 1 to
  // kMostRetryAfter, to which other values are clamped. A client whose quota is
  // renewed later comes back in between, and is told again.
  int64_t max_retry_after = 86'400;
  // Seconds to add to a wait for the end of a quota's period, up to
  // max_retry_after. A caller that draws it at random spreads the clients that
  // would all return at midnight. Not negative.
  int64_t added_wait = 0;
};

struct HttpHeader {
  std::string_view name;   // static
  std::string_view value;  // in the caller's storage
};

// What `rate_limit_headers()` needs at most, whatever the decision.
inline constexpr size_t kMaxRateLimitHeaders = 4;
inline constexpr size_t kMaxRateLimitHeaderBytes = 192;

// Writes the headers that tell a client what is left, in the format of
// `options`, and returns how many there are; their values are in `storage`.
//
// A 429 begins with Retry-After, in whole seconds rounded up, if the request
// can ever pass. It is max_retry_after at most, and so is every other time in a
// 429 or beside a remaining 0; where requests remain, a time is exact. No
// window of draft -11 ends after Retry-After, and no reset of the other formats
// comes before it. A time that never comes is left out; numbers end at
// 999,999,999,999,999. A forbidden request has no headers.
//
// Less room than the constants above ask for leaves out the last headers,
// whole. Does not allocate.
size_t rate_limit_headers(const Decision& decision,
                          const RateLimitHeaderOptions& options,
                          absl::Span<char> storage,
                          absl::Span<HttpHeader> headers) noexcept;

}  // namespace weir

#endif  // WEIR_ENFORCER_HTTP_RESPONSE_H_
