#include "plan/compiled_plan.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <type_traits>
#include <utility>

namespace weir {
namespace {

static_assert(std::is_trivially_copyable_v<CompiledThrottle>);
static_assert(std::is_trivially_destructible_v<CompiledPlan>);

constexpr size_t kAlignment = 64;

size_t aligned(size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

// Whole seconds in which an empty bucket fills, at least 1; 0: never.
int64_t window_seconds(const TokenClock& clock) {
  if (clock.rate() == 0) return 0;
  return std::max<int64_t>(
      1, static_cast<int64_t>(
             std::ceil(static_cast<double>(clock.burst()) / clock.rate())));
}

}  // namespace

QuotaTerms quota_terms(const v1::UsagePlan& plan, const PlanRules& rules) {
  QuotaTerms terms;
  if (!plan.has_quota()) return terms;
  const v1::QuotaSettings& quota = plan.quota();
  const bool start_day =
      rules.quota_offset == PlanRules::QuotaOffset::kStartDay;
  const int day = start_day ? static_cast<int>(quota.offset()) : 0;
  switch (quota.period()) {
    case v1::WEEK:
      terms.calendar = QuotaCalendar::weekly(day);
      break;
    case v1::MONTH:
      terms.calendar = QuotaCalendar::monthly(day);
      break;
    default:
      terms.calendar = QuotaCalendar::daily();
      break;
  }
  terms.limit = quota.limit();
  terms.initial_discount = start_day ? 0 : quota.offset();
  return terms;
}

absl::Status PlanCompiler::update(const v1::UsagePlan& plan,
                                  const PlanRules& rules, int64_t now) {
  quota_ = quota_terms(plan, rules);
  stages_.clear();
  for (const v1::ApiStage& stage : plan.api_stages()) {
    stages_.emplace(stage.api_id(), stage.stage());
  }
  if (auto status = set_throttle(plan, now); !status.ok()) return status;
  return set_methods(plan, now);
}

absl::Status PlanCompiler::set_throttle(const v1::UsagePlan& plan,
                                        int64_t now) {
  const bool was_throttled = std::exchange(throttled_, plan.has_throttle());
  if (!throttled_) return absl::OkStatus();
  const double rate = plan.throttle().rate_limit();
  const int64_t burst = plan.throttle().burst_limit();
  const auto clock = !clock_.has_value() ? TokenClock::create(rate, burst, now)
                     : was_throttled     ? clock_->with_limits(rate, burst, now)
                                         : clock_->renewed(rate, burst, now);
  if (!clock.ok()) return clock.status();
  clock_ = *clock;
  return absl::OkStatus();
}

absl::Status PlanCompiler::set_methods(const v1::UsagePlan& plan, int64_t now) {
  std::map<MethodName, const v1::ThrottleSettings*> wanted;
  for (const v1::ApiStage& stage : plan.api_stages()) {
    for (const auto& [method_key, throttle] : stage.throttle()) {
      wanted[{stage.api_id(), stage.stage(), method_key}] = &throttle;
    }
  }
  // Slots are vacated before any is claimed, so that they are used again.
  for (auto it = methods_.begin(); it != methods_.end();) {
    if (wanted.count(it->first) > 0) {
      ++it;
    } else {
      vacant_.push_back(it->second);
      it = methods_.erase(it);
    }
  }
  for (const auto& [name, throttle] : wanted) {
    const auto it = methods_.find(name);
    if (it == methods_.end()) {
      const auto slot = claim_slot(*throttle, now);
      if (!slot.ok()) return slot.status();
      methods_[name] = *slot;
      continue;
    }
    TokenClock& clock = clocks_[it->second];
    const auto next =
        clock.with_limits(throttle->rate_limit(), throttle->burst_limit(), now);
    if (!next.ok()) return next.status();
    clock = *next;
  }
  return absl::OkStatus();
}

absl::StatusOr<uint32_t> PlanCompiler::claim_slot(
    const v1::ThrottleSettings& throttle, int64_t now) {
  const double rate = throttle.rate_limit();
  const int64_t burst = throttle.burst_limit();
  if (vacant_.empty()) {
    const auto clock = TokenClock::create(rate, burst, now);
    if (!clock.ok()) return clock.status();
    clocks_.push_back(*clock);
    return static_cast<uint32_t>(clocks_.size() - 1);
  }
  const uint32_t slot = vacant_.back();
  const auto clock = clocks_[slot].renewed(rate, burst, now);
  if (!clock.ok()) return clock.status();
  vacant_.pop_back();
  clocks_[slot] = *clock;
  return slot;
}

bool PlanCompiler::covers(std::string_view api_id,
                          std::string_view stage) const {
  return stages_.count({std::string(api_id), std::string(stage)}) > 0;
}

size_t PlanCompiler::compiled_bytes(size_t route_count) const {
  return aligned(sizeof(CompiledPlan)) +
         aligned(methods_.size() * sizeof(CompiledThrottle)) +
         aligned(route_count * sizeof(CompiledPlan::Rule));
}

const CompiledPlan* PlanCompiler::compile(
    void* memory, absl::Span<const RouteName> routes) const {
  char* const base = static_cast<char*>(memory);
  auto* plan = new (base) CompiledPlan;
  auto* methods =
      reinterpret_cast<CompiledThrottle*>(base + aligned(sizeof(CompiledPlan)));
  auto* rules = reinterpret_cast<CompiledPlan::Rule*>(
      base + aligned(sizeof(CompiledPlan)) +
      aligned(methods_.size() * sizeof(CompiledThrottle)));

  if (throttled_) {
    plan->throttle_ = CompiledThrottle{*clock_, window_seconds(*clock_), 0};
  }
  plan->quota_ = quota_;
  plan->bytes_ = compiled_bytes(routes.size());

  std::map<MethodName, CompiledPlan::Rule> rule_of;
  for (const auto& [name, slot] : methods_) {
    const auto i = static_cast<uint32_t>(rule_of.size());
    const TokenClock& clock = clocks_[slot];
    new (&methods[i]) CompiledThrottle{clock, window_seconds(clock), slot};
    rule_of[name] = CompiledPlan::kFirstMethod + i;
  }
  plan->methods_ = methods;

  for (size_t i = 0; i < routes.size(); ++i) {
    const RouteName& route = routes[i];
    CompiledPlan::Rule rule = CompiledPlan::kNotCovered;
    if (stages_.count({route.api_id, route.stage}) > 0) {
      const auto it =
          rule_of.find({route.api_id, route.stage, route.method_key});
      rule = it == rule_of.end() ? CompiledPlan::kCovered : it->second;
    }
    rules[i] = rule;
  }
  plan->rules_ = rules;
  plan->route_count_ = static_cast<uint32_t>(routes.size());
  return plan;
}

}  // namespace weir
