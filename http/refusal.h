#ifndef WEIR_HTTP_REFUSAL_H_
#define WEIR_HTTP_REFUSAL_H_

#include <cstddef>
#include <string_view>

namespace weir {

// Why an HTTP server answers a request itself, or ends a connection.
enum class HttpRefusal {
  kMalformed,     // 400: malformed head, or framing of the body
  kHeadTooLarge,  // 431; 414 for the target
  kBodyTooLarge,  // 413
  kTimeout,       // 408: the request did not arrive in time
  kConnections,   // 503: no room for the connection
  kRequests,      // 503: too many requests in progress
  kMemory,        // 503: too many bodies and answers in memory
  kHandshake,     // no answer: TLS failed, or took too long
};

inline constexpr size_t kHttpRefusals = 8;

// "head_too_large"
inline std::string_view http_refusal_name(HttpRefusal refusal) {
  constexpr std::string_view kNames[kHttpRefusals] = {
      "malformed",   "head_too_large", "body_too_large", "timeout",
      "connections", "requests",       "memory",         "handshake"};
  return kNames[static_cast<size_t>(refusal)];
}

}  // namespace weir

#endif  // WEIR_HTTP_REFUSAL_H_
