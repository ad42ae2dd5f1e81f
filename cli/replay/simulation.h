// Decisions of a real enforcer on past requests.

#ifndef WEIR_CLI_REPLAY_SIMULATION_H_
#define WEIR_CLI_REPLAY_SIMULATION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/base/clock.h"
#include "weir/cli/replay/request_interner.h"
#include "weir/enforcer/decision.h"
#include "weir/enforcer/enforcer.h"
#include "weir/enforcer/route.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir::cli {

// An enforcer with one plan, whose clock is set to the time of each request.
// Every key of the log gets an API key of its own, created at its first
// request: its first quota period is the one of that request. Requests without
// a key are forbidden. *thread-compatible*
class Simulation {
 public:
  // The maximum time between the first and the last request, in years of 365
  // days: an enforcer is guaranteed to be exact for that long.
  static constexpr int kMaxYears = 10;

  struct Rules {
    QuotaOffset quota_offset = QuotaOffset::kRequests;
    MethodThrottle method_throttle = MethodThrottle::kReplacesPlan;
  };

  // REQUIRES: `plan` is valid.
  Simulation(const v1::UsagePlan& plan, const Rules& rules)
      : plan_(plan), rules_(rules) {}

  // Returns the enforcer's decision. `method` is the one with the number
  // `request.method`. OutOfRange: more than kMaxYears after the first request.
  // ResourceExhausted: more keys or routes than an enforcer can hold.
  // REQUIRES: `request` is not earlier than the one before.
  absl::StatusOr<Decision> decide(const Request& request, const Method& method);

 private:
  absl::Status start(std::int64_t unix_ns);
  absl::Status make_key(std::uint32_t key);

  v1::UsagePlan plan_;
  const Rules rules_;
  std::shared_ptr<ManualClock> clock_;
  std::unique_ptr<Enforcer> enforcer_;  // null before the first request
  std::int64_t first_ns_ = 0;
  std::int64_t now_ns_ = 0;
  std::vector<bool> keys_made_;               // by Request::key
  std::vector<std::optional<Route>> routes_;  // by Request::method
};

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_SIMULATION_H_
