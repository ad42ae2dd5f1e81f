// What a gateway answers over HTTP for a decision.

#ifndef WEIR_ENFORCER_HTTP_RESPONSE_H_
#define WEIR_ENFORCER_HTTP_RESPONSE_H_

#include <cstddef>
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
enum class HeaderFormat {
  kOff,
  // X-RateLimit-Limit, -Remaining and -Reset, of whichever of throttle and
  // quota has the least remaining. Reset is in seconds from now ...
  kXRateLimitDelta,
  // ... or in Unix seconds.
  kXRateLimitEpoch,
  // RateLimit-Policy and RateLimit of draft-ietf-httpapi-ratelimit-headers-10:
  // an item "burst" for the throttle, an item "quota" for the quota.
  kIetfDraft10,
};

struct HttpHeader {
  std::string_view name;   // static
  std::string_view value;  // in the caller's storage
};

// What `rate_limit_headers()` needs at most, whatever the decision.
inline constexpr size_t kMaxRateLimitHeaders = 4;
inline constexpr size_t kMaxRateLimitHeaderBytes = 192;

// Writes the headers that tell a client what is left, as `format` has them,
// and returns how many there are; their values are in `storage`. A 429 begins
// with Retry-After, in whole seconds rounded up, if the request can ever pass.
// No time given is earlier than the retry could pass. A time that never comes
// is left out; numbers end at 999,999,999,999,999. A forbidden request has no
// headers.
//
// Less room than the constants above ask for leaves out the last headers,
// whole. Does not allocate.
size_t rate_limit_headers(const Decision& decision, HeaderFormat format,
                          absl::Span<char> storage,
                          absl::Span<HttpHeader> headers) noexcept;

}  // namespace weir

#endif  // WEIR_ENFORCER_HTTP_RESPONSE_H_
