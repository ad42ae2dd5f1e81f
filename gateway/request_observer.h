// The interface for code that is told of each answered request.

#ifndef WEIR_GATEWAY_REQUEST_OBSERVER_H_
#define WEIR_GATEWAY_REQUEST_OBSERVER_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "weir/base/clock.h"
#include "weir/enforcer/client_handle.h"
#include "weir/enforcer/decision.h"
#include "weir/gateway/stage_target.h"

namespace weir {

// A request that was answered. What it refers to is valid during the call.
// *thread-compatible*
struct AnsweredRequest {
  std::string_view method;
  std::string_view target;  // as it stands on the request line
  std::optional<StageTarget> stage_target;
  // The key of the method throttle that applies, "/pets/{id}/GET"; "" for the
  // stage's other methods, and without a stage.
  std::string_view method_key;
  // Empty if no API key was identified.
  ClientHandle client;
  uint32_t cost = 1;
  Decision decision;
  int status = 0;
  Instant arrived;
  int64_t latency_ns = 0;  // from `arrived` to the answer
};

// Called before an answer is sent, on the threads that answer requests, several
// at once: implementations must be thread-safe, and neither lock nor wait.
class RequestObserver {
 public:
  virtual ~RequestObserver() = default;
  virtual void observe(const AnsweredRequest& request) noexcept = 0;
};

}  // namespace weir

#endif  // WEIR_GATEWAY_REQUEST_OBSERVER_H_
