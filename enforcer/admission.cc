#include "enforcer/admission.h"

#include <algorithm>
#include <optional>

#include "absl/base/attributes.h"
#include "absl/base/optimization.h"
#include "plan/compiled_plan.h"
#include "quota/calendar.h"
#include "quota/quota_counter.h"
#include "quota/quota_terms.h"
#include "throttle/token_bucket.h"
#include "throttle/token_clock.h"

namespace weir {
namespace {

// A bucket that has to admit, and the clock that it goes by.
struct Gate {
  const CompiledThrottle* throttle;
  TokenBucket* bucket;
  TokenInstant at;
  const PlanCell* cell;  // of the plan whose throttle it is
  Limit limit;
  bool is_method;
};

// One attempt under one version of the plans.
class Attempt {
 public:
  Attempt(const Admission& admission, Subscription& subscription,
          const PlanCell& cell, const CompiledPlan& plan,
          CompiledPlan::Rule rule) noexcept
      : admission_(admission),
        subscription_(subscription),
        plan_(plan),
        day_(day_of(admission.now.unix)),
        version_(reinterpret_cast<uintptr_t>(&plan)) {
    add(plan, rule, subscription, cell, Limit::kMethodThrottle,
        Limit::kPlanThrottle);
    if (ABSL_PREDICT_FALSE(admission.shared != nullptr)) add_shared();
  }

  // Tells versions apart.
  uintptr_t version() const noexcept { return version_; }

  // False if something refused, or a word belongs to a newer version of a plan.
  bool take(Decision& decision) noexcept {
    // The quota is only read at first, so that a request that it refuses does
    // not borrow tokens even for an instant.
    const QuotaDecision seen = subscription_.quota.check(
        plan_.quota(), day_, admission_.cost, subscription_.log);
    if (!seen.admitted) return false;
    uint64_t governing_word = 0;
    for (int i = 0; i < count_; ++i) {
      const auto take = gates_[i].bucket->take(gates_[i].throttle->clock,
                                               gates_[i].at, admission_.cost);
      if (ABSL_PREDICT_FALSE(take.outcome != TakeOutcome::kTaken)) {
        give_back(i);
        return false;
      }
      if (i == 0) governing_word = take.word;
    }
    const QuotaDecision quota = subscription_.quota.take(
        plan_.quota(), day_, admission_.cost, seen.state, subscription_.log,
        admission_.lines);
    if (ABSL_PREDICT_FALSE(!quota.admitted)) {
      give_back(count_);
      return false;
    }
    decision.outcome = Outcome::kAdmitted;
    decision.retry_after_ns = 0;
    if (count_ > 0) report(gates_[0], governing_word, decision);
    report(quota.state, decision);
    return true;
  }

  // Says which limits refuse, from a look at all of them. False if none does
  // any more, or a word belongs to a newer version of a plan. With `newest`,
  // there is none: a caller's time that is far behind looks the same.
  ABSL_ATTRIBUTE_NOINLINE bool explain(bool newest,
                                       Decision& decision) const noexcept {
    decision = Decision();
    int64_t wait = 0;
    for (int i = 0; i < count_; ++i) {
      const Gate& gate = gates_[i];
      const auto check =
          gate.bucket->check(gate.throttle->clock, gate.at, admission_.cost);
      if (check.outcome == TakeOutcome::kStale && !newest) return false;
      if (check.outcome == TakeOutcome::kTaken) {
        // The word that `check` gives is the one after a take.
        if (i == 0) report(gate, gate.bucket->word(), decision);
        continue;
      }
      wait = std::max(wait, wait_for(gate, check.word));
      if (decision.limit == Limit::kNone) {
        decision.outcome = Outcome::kThrottled;
        decision.limit = gate.limit;
        report(gate, check.word, decision);
      }
    }
    const QuotaDecision quota = subscription_.quota.check(
        plan_.quota(), day_, admission_.cost, subscription_.log);
    if (!quota.admitted) {
      wait = std::max(wait, wait_for(quota.state));
      if (decision.limit == Limit::kNone) {
        decision.outcome = Outcome::kQuotaExceeded;
        decision.limit = Limit::kQuota;
      }
    }
    if (decision.limit == Limit::kNone) return false;
    decision.retry_after_ns = wait;
    report(quota.state, decision);
    return true;
  }

 private:
  // A plan's throttles for the route.
  void add(const CompiledPlan& plan, CompiledPlan::Rule rule,
           Subscription& subscription, const PlanCell& cell, Limit method_limit,
           Limit plan_limit) noexcept {
    bool has_method = false;
    if (rule >= CompiledPlan::kFirstMethod) {
      const CompiledThrottle& throttle = plan.method(rule);
      TokenBucket* bucket =
          subscription.methods.find_or_add(throttle.slot, admission_.lines);
      // Without memory for a method's bucket, the plan's throttle governs.
      has_method = bucket != nullptr;
      if (has_method) add(throttle, *bucket, cell, method_limit, true);
    }
    if (plan.throttle() != nullptr &&
        (!has_method || admission_.both_throttles)) {
      add(*plan.throttle(), subscription.bucket, cell, plan_limit, false);
    }
  }

  void add(const CompiledThrottle& throttle, TokenBucket& bucket,
           const PlanCell& cell, Limit limit, bool is_method) noexcept {
    gates_[count_++] = {
        &throttle, &bucket, throttle.clock.at(admission_.now.monotonic),
        &cell,     limit,   is_method};
  }

  ABSL_ATTRIBUTE_NOINLINE void add_shared() noexcept {
    Subscription* shared = admission_.shared;
    for (int i = 0; shared != nullptr && i < Admission::kMostShared; ++i) {
      // Acquire: pairs with the release in `Clients::subscribe()`, and that of
      // the plan's publication.
      const PlanCell* cell = shared->cell.load(std::memory_order_acquire);
      if (cell != nullptr) {
        const CompiledPlan& plan = *cell->plan.load(std::memory_order_acquire);
        // In whatever order, a sum differs where one of the plans does.
        version_ += reinterpret_cast<uintptr_t>(&plan);
        const CompiledPlan::Rule rule = plan.has_stages()
                                            ? plan.rule(admission_.route)
                                            : CompiledPlan::kCovered;
        if (rule != CompiledPlan::kNotCovered) {
          add(plan, rule, *shared, *cell, Limit::kSharedMethodThrottle,
              Limit::kSharedThrottle);
        }
      }
      shared = shared->next.load(std::memory_order_acquire);
    }
  }

  ABSL_ATTRIBUTE_NOINLINE void give_back(int count) noexcept {
    for (int i = 0; i < count; ++i) {
      const TokenClock* clock = &gates_[i].throttle->clock;
      // A word that has moved on to a newer clock is given back by that one; if
      // there is none, the throttle is gone, and the debt with it.
      while (clock != nullptr &&
             !gates_[i].bucket->give_back(*clock,
                                          clock->at(admission_.now.monotonic),
                                          admission_.cost)) {
        const TokenClock* newer = newer_clock(gates_[i]);
        clock = newer == clock ? nullptr : newer;
      }
    }
  }

  const TokenClock* newer_clock(const Gate& gate) const noexcept {
    // Acquire: pairs with the release of the publication.
    const CompiledPlan* plan = gate.cell->plan.load(std::memory_order_acquire);
    if (!gate.is_method) {
      return plan->throttle() == nullptr ? nullptr : &plan->throttle()->clock;
    }
    const CompiledPlan::Rule rule = plan->rule(admission_.route);
    if (rule < CompiledPlan::kFirstMethod ||
        plan->method(rule).slot != gate.throttle->slot) {
      return nullptr;
    }
    return &plan->method(rule).clock;
  }

  int64_t wait_for(const Gate& gate, uint64_t word) const noexcept {
    const int64_t ready = gate.throttle->clock.ready_at(word, admission_.cost);
    return ready == TokenClock::kNever ? Decision::kNever
                                       : ready - admission_.now.monotonic;
  }

  int64_t wait_for(const QuotaState& state) const noexcept {
    const std::optional<Day> day =
        retry_day(plan_.quota(), state, admission_.cost);
    return day.has_value() ? start_of(*day) - admission_.now.unix
                           : Decision::kNever;
  }

  void report(const Gate& gate, uint64_t word,
              Decision& decision) const noexcept {
    const TokenClock& clock = gate.throttle->clock;
    decision.burst = clock.burst();
    decision.burst_window_seconds = gate.throttle->window_seconds;
    decision.units_remaining = clock.available_units(gate.at, word);
    decision.units_per_token = clock.units_per_token();
  }

  void report(const QuotaState& state, Decision& decision) const noexcept {
    decision.forbidden = Forbidden::kNo;
    decision.made_at_unix_ns = admission_.now.unix;
    if (state.cap == QuotaState::kNoCap) return;
    decision.quota_limit = state.cap;
    decision.quota_remaining = state.remaining();
    decision.calendar = state.calendar;
    decision.day = state.day;
  }

  const Admission& admission_;
  Subscription& subscription_;
  const CompiledPlan& plan_;
  const Day day_;
  uintptr_t version_;
  int count_ = 0;
  Gate gates_[2 + 2 * Admission::kMostShared];
};

// False if the plan does not cover the route.
bool decide_under(const Admission& admission, Subscription& subscription,
                  const PlanCell& cell, Decision& decision) noexcept {
  // Each turn but the last means that another thread has changed what this one
  // read: a word, or a plan.
  for (uintptr_t previous = 0;;) {
    // Acquire: pairs with the release of the publication.
    const CompiledPlan& plan = *cell.plan.load(std::memory_order_acquire);
    const CompiledPlan::Rule rule = plan.rule(admission.route);
    if (rule == CompiledPlan::kNotCovered) return false;
    Attempt attempt(admission, subscription, cell, plan, rule);
    if (ABSL_PREDICT_TRUE(attempt.take(decision)) ||
        attempt.explain(attempt.version() == previous, decision)) {
      return true;
    }
    previous = attempt.version();
  }
}

}  // namespace

void Admission::decide(Decision& decision) const noexcept {
  for (Subscription* subscription = &first; subscription != nullptr;
       // Acquire: both pair with the release in `Clients::subscribe()`.
       subscription = subscription->next.load(std::memory_order_acquire)) {
    const PlanCell* cell = subscription->cell.load(std::memory_order_acquire);
    // A key has at most one plan for a stage, so the first answer is the
    // answer.
    if (cell != nullptr &&
        decide_under(*this, *subscription, *cell, decision)) {
      return;
    }
  }
  decision.forbidden = Forbidden::kNoPlan;
}

}  // namespace weir
