#ifndef WEIR_ENFORCER_CALL_H_
#define WEIR_ENFORCER_CALL_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "weir/base/clock.h"
#include "weir/enforcer/client_handle.h"
#include "weir/enforcer/route.h"

namespace weir {

// One request, for `Enforcer::admit()`.
struct Call {
  // The key exactly as the client sent it. Compared in full; never stored or
  // logged.
  std::string_view api_key = {};
  Route route = {};
  // The tokens and quota that the request takes. 0 checks the limits and takes
  // nothing.
  uint32_t cost = 1;
  // The time, if the caller has already read it from the clock in the
  // enforcer's options. With a SystemClock, readings of CLOCK_MONOTONIC and
  // CLOCK_REALTIME also work.
  std::optional<Instant> now = std::nullopt;
  // From `resolve()`. If set, `api_key` is ignored.
  ClientHandle client = {};
};

}  // namespace weir

#endif  // WEIR_ENFORCER_CALL_H_
