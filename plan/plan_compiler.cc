#include "weir/plan/plan_compiler.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <new>
#include <set>
#include <type_traits>

#include "absl/status/status.h"
#include "weir/base/status_macros.h"

namespace weir {
namespace {

static_assert(std::is_trivially_copyable_v<CompiledThrottle>);
static_assert(std::is_trivially_destructible_v<CompiledPlan>);

constexpr size_t kAlignment = 64;

constexpr size_t aligned(size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

size_t compiled_size(size_t routes) {
  return aligned(sizeof(CompiledPlan)) +
         aligned(routes * sizeof(CompiledPlan::Rule));
}

// Whole seconds that an empty bucket takes to fill, at least 1; 0: never.
int64_t window_seconds(const TokenClock& clock) {
  if (clock.rate() == 0) return 0;
  return std::max<int64_t>(
      1, static_cast<int64_t>(
             std::ceil(static_cast<double>(clock.burst()) / clock.rate())));
}

CompiledThrottle compiled(const TokenClock& clock, uint32_t slot) {
  return {clock, window_seconds(clock), slot};
}

// Whether a clock already has the limits. If so, do not change it: each change
// uses up some of what a clock can remember.
bool has_limits(const TokenClock& clock, const v1::ThrottleSettings& throttle) {
  return clock.rate() == throttle.rate_limit() &&
         clock.burst() == throttle.burst_limit();
}

}  // namespace

const size_t PlanCompiler::kThrottleBytes = aligned(sizeof(CompiledThrottle));

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

absl::StatusOr<PlanCompiler::Update> PlanCompiler::prepare(
    const v1::UsagePlan& plan, const PlanRules& rules,
    const PlanChanges* changes, const RouteIds& routes, int64_t now) const {
  Update update;
  update.quota_ = quota_terms(plan, rules);
  WEIR_RETURN_IF_ERROR(prepare_throttle(plan, now, update));
  PlanChanges all;
  if (changes == nullptr) {
    for (const auto& stage : stages_) all.stages.insert(stage.first);
    for (const v1::ApiStage& stage : plan.api_stages()) {
      all.stages.insert(name_of(stage));
    }
    changes = &all;
  }
  WEIR_RETURN_IF_ERROR(prepare_stages(plan, *changes, now, update));
  prepare_targets(routes, update);
  return update;
}

absl::Status PlanCompiler::prepare_throttle(const v1::UsagePlan& plan,
                                            int64_t now, Update& update) const {
  update.clock_ = clock_;
  update.throttled_ = plan.has_throttle();
  if (!update.throttled_) return absl::OkStatus();
  const v1::ThrottleSettings& throttle = plan.throttle();
  const double rate = throttle.rate_limit();
  const int64_t burst = throttle.burst_limit();
  if (throttled_ && has_limits(*clock_, throttle)) return absl::OkStatus();
  const auto clock = !clock_.has_value() ? TokenClock::create(rate, burst, now)
                     : throttled_        ? clock_->with_limits(rate, burst, now)
                                         : clock_->renewed(rate, burst, now);
  if (!clock.ok()) return clock.status();
  update.clock_ = *clock;
  return absl::OkStatus();
}

absl::Status PlanCompiler::prepare_stages(const v1::UsagePlan& plan,
                                          const PlanChanges& changes,
                                          int64_t now, Update& update) const {
  update.vacant_ = vacant_;
  update.slot_count_ = static_cast<uint32_t>(throttles_.size());
  for (const StageName& name : changes.stages) {
    update.stages_.emplace(name, std::nullopt);
  }
  std::map<StageName, const v1::ApiStage*> wanted;
  for (const v1::ApiStage& stage : plan.api_stages()) {
    StageName name = name_of(stage);
    const auto it = update.stages_.find(name);
    if (it == update.stages_.end()) continue;
    it->second.emplace();
    wanted.emplace(std::move(name), &stage);
  }

  // Slots are vacated before any is claimed, so that they can be reused.
  for (auto& [name, next] : update.stages_) {
    const auto before = stages_.find(name);
    if (before == stages_.end()) continue;
    for (const auto& [method, slot] : before->second) {
      const bool stays =
          next.has_value() && wanted[name]->throttle().contains(method);
      if (!stays) {
        update.vacant_.push_back(slot);
        continue;
      }
      next->emplace(method, slot);
      const v1::ThrottleSettings& throttle =
          wanted[name]->throttle().at(method);
      const TokenClock& present = throttles_[slot]->clock;
      if (has_limits(present, throttle)) continue;
      const auto clock = present.with_limits(throttle.rate_limit(),
                                             throttle.burst_limit(), now);
      if (!clock.ok()) return clock.status();
      update.clocks_.emplace(slot, *clock);
    }
  }
  for (const auto& [name, stage] : wanted) {
    Stage& next = *update.stages_[name];
    std::set<std::string_view> added;  // In order, unlike a protobuf map.
    for (const auto& [method, throttle] : stage->throttle()) {
      if (next.count(method) == 0) added.insert(method);
    }
    for (const std::string_view method : added) {
      std::string key(method);
      const auto slot = claim_slot(stage->throttle().at(key), now, update);
      if (!slot.ok()) return slot.status();
      next.emplace(std::move(key), *slot);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<uint32_t> PlanCompiler::claim_slot(
    const v1::ThrottleSettings& throttle, int64_t now, Update& update) const {
  const double rate = throttle.rate_limit();
  const int64_t burst = throttle.burst_limit();
  const bool is_used_again = !update.vacant_.empty();
  const uint32_t slot =
      is_used_again ? update.vacant_.back() : update.slot_count_;
  const auto clock = is_used_again
                         ? throttles_[slot]->clock.renewed(rate, burst, now)
                         : TokenClock::create(rate, burst, now);
  if (!clock.ok()) return clock.status();
  if (is_used_again) {
    update.vacant_.pop_back();
  } else {
    ++update.slot_count_;
  }
  update.clocks_.emplace(slot, *clock);
  return slot;
}

void PlanCompiler::prepare_targets(const RouteIds& routes,
                                   Update& update) const {
  update.route_count_ = static_cast<uint32_t>(rules_.size());
  for (const auto& [name, stage] : update.stages_) {
    auto it = routes.lower_bound({name.first, name.second, ""});
    for (; it != routes.end(); ++it) {
      const auto& [api_id, stage_name, method] = it->first;
      if (api_id != name.first || stage_name != name.second) break;
      const uint32_t route = it->second;
      update.targets_.emplace_back(route, target_of(stage, method));
      update.route_count_ = std::max(update.route_count_, route + 1);
    }
  }
}

PlanCompiler::Target PlanCompiler::target_of(const std::optional<Stage>& stage,
                                             const std::string& method) {
  if (!stage.has_value()) return {false, std::nullopt};
  const auto slot = stage->find(method);
  if (slot == stage->end()) return {true, std::nullopt};
  return {true, slot->second};
}

CompiledPlan::Rule PlanCompiler::rule_for(const Target& target) const {
  if (!target.covered) return CompiledPlan::kNotCovered;
  if (!target.slot.has_value()) return CompiledPlan::kCovered;
  return reinterpret_cast<CompiledPlan::Rule>(throttles_[*target.slot]);
}

bool PlanCompiler::add_route(const RouteName& name, uint32_t id) {
  const auto& [api_id, stage_name, method] = name;
  const auto stage = stages_.find({api_id, stage_name});
  if (stage == stages_.end()) return false;
  if (rules_.size() <= id) rules_.resize(id + 1, CompiledPlan::kNotCovered);
  rules_[id] = rule_for(target_of(stage->second, method));
  return true;
}

bool PlanCompiler::add_routes(const RouteIds& added) {
  bool is_covering = false;
  if (added.size() < stages_.size()) {
    for (const auto& [name, id] : added) is_covering |= add_route(name, id);
    return is_covering;
  }
  for (const auto& stage : stages_) {
    const auto& [api_id, stage_name] = stage.first;
    for (auto it = added.lower_bound({api_id, stage_name, ""});
         it != added.end() && std::get<0>(it->first) == api_id &&
         std::get<1>(it->first) == stage_name;
         ++it) {
      is_covering |= add_route(it->first, it->second);
    }
  }
  return is_covering;
}

size_t PlanCompiler::compiled_bytes(const Update& update) const {
  return compiled_size(update.route_count_);
}

size_t PlanCompiler::compiled_bytes() const {
  return compiled_size(rules_.size());
}

size_t PlanCompiler::throttle_count(const Update& update) const {
  return update.clocks_.size();
}

const CompiledPlan* PlanCompiler::compile(
    Update update, const Memory& memory,
    std::vector<const CompiledThrottle*>* unused) {
  quota_ = update.quota_;
  throttled_ = update.throttled_;
  clock_ = update.clock_;
  for (auto& [name, stage] : update.stages_) {
    if (stage.has_value()) {
      stages_[name] = *std::move(stage);
    } else {
      stages_.erase(name);
    }
  }
  auto block = memory.throttles.begin();
  for (const auto& [slot, clock] : update.clocks_) {
    const auto* throttle =
        new (*block++) CompiledThrottle(compiled(clock, slot));
    if (slot < throttles_.size()) {
      unused->push_back(std::exchange(throttles_[slot], throttle));
    } else {
      throttles_.push_back(throttle);  // Slots are in ascending order.
    }
  }
  vacant_ = std::move(update.vacant_);
  rules_.resize(update.route_count_, CompiledPlan::kNotCovered);
  for (const auto& [route, target] : update.targets_) {
    rules_[route] = rule_for(target);
  }
  return compile(memory.plan);
}

const CompiledPlan* PlanCompiler::compile(void* memory) const {
  auto* plan = new (memory) CompiledPlan;
  if (throttled_) plan->throttle_ = compiled(*clock_, 0);
  plan->quota_ = quota_;
  auto* rules = reinterpret_cast<CompiledPlan::Rule*>(
      static_cast<char*>(memory) + aligned(sizeof(CompiledPlan)));
  std::uninitialized_copy(rules_.begin(), rules_.end(), rules);
  plan->rules_ = rules;
  plan->route_count_ = static_cast<uint32_t>(rules_.size());
  plan->has_stages_ = !stages_.empty();
  plan->bytes_ = compiled_bytes();
  return plan;
}

}  // namespace weir
