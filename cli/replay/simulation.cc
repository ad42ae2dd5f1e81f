#include "weir/cli/replay/simulation.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/proto/api_key.pb.h"

namespace weir::cli {
namespace {

constexpr std::int64_t kNanosPerDay = std::int64_t{86400} * 1'000'000'000;
constexpr std::int64_t kMaxSpan = Simulation::kMaxYears * 365 * kNanosPerDay;

// An enforcer's calendar covers 2000 to 2089. The calendar repeats every 28
// years (no leap year is skipped between 1900 and 2100). So a log near or
// outside these limits is replayed in years with the same calendar.
constexpr std::int64_t kYear2000 = 10957 * kNanosPerDay;
constexpr std::int64_t kYear2044 = 27028 * kNanosPerDay;
constexpr std::int64_t k28Years = (28 * 365 + 7) * kNanosPerDay;

std::int64_t simulated_start(std::int64_t unix_ns) {
  if (unix_ns < kYear2000) return unix_ns + 2 * k28Years;
  if (unix_ns >= kYear2044) return unix_ns - k28Years;
  return unix_ns;
}

// The value of the API key that stands for a log's key; at least 20 characters.
std::string api_key_value(std::uint32_t key) {
  return absl::StrCat("replayed-", absl::Dec(key, absl::kZeroPad12));
}

}  // namespace

absl::StatusOr<Decision> Simulation::decide(const Request& request,
                                            const Method& method) {
  if (enforcer_ == nullptr) {
    const absl::Status started = start(request.unix_ns);
    if (!started.ok()) return started;
  }
  if (request.unix_ns - first_ns_ > kMaxSpan) {
    return absl::OutOfRangeError(absl::StrCat(
        "more than ", kMaxYears, " years after the first request"));
  }
  clock_->advance(request.unix_ns - now_ns_);
  now_ns_ = request.unix_ns;

  std::string api_key;
  if (request.has_key) {
    if (request.key >= keys_made_.size()) keys_made_.resize(request.key + 1);
    if (!keys_made_[request.key]) {
      const absl::Status made = make_key(request.key);
      if (!made.ok()) return made;
      keys_made_[request.key] = true;
    }
    api_key = api_key_value(request.key);
  }
  if (request.method >= routes_.size()) routes_.resize(request.method + 1);
  std::optional<Route>& route = routes_[request.method];
  if (!route) {
    route = Route();
    if (!method.api_id.empty()) {
      const auto made = enforcer_->intern_route(method.api_id, method.stage,
                                                method.method_key);
      if (!made.ok()) return made.status();
      route = *made;
    }
  }
  Call call;
  call.api_key = api_key;
  call.route = *route;
  call.cost = request.cost;
  return enforcer_->admit(call);
}

absl::Status Simulation::start(std::int64_t unix_ns) {
  first_ns_ = now_ns_ = unix_ns;
  clock_ = std::make_shared<ManualClock>(simulated_start(unix_ns));
  Options options;
  options.clock = clock_;
  options.quota_offset = rules_.quota_offset;
  options.method_throttle = rules_.method_throttle;
  auto enforcer = Enforcer::create(std::move(options));
  if (!enforcer.ok()) return enforcer.status();
  enforcer_ = *std::move(enforcer);

  // The document's id may be one that only AWS can assign.
  plan_.clear_id();
  auto created = enforcer_->create_usage_plan(plan_);
  if (!created.ok()) return created.status();
  plan_ = *std::move(created);
  return absl::OkStatus();
}

absl::Status Simulation::make_key(std::uint32_t key) {
  v1::ApiKey api_key;
  api_key.set_value(api_key_value(key));
  api_key.set_enabled(true);
  const auto created = enforcer_->create_api_key(api_key);
  if (!created.ok()) return created.status();
  return enforcer_->create_usage_plan_key(plan_.id(), created->id()).status();
}

}  // namespace weir::cli
