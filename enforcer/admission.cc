#include "enforcer/admission.h"

#include <algorithm>
#include <optional>

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
  Limit limit;
};

// One attempt under one version of the plan.
class Attempt {
 public:
  Attempt(const Admission& admission, const CompiledPlan& plan,
          CompiledPlan::Rule rule, bool newest) noexcept
      : admission_(admission),
        plan_(plan),
        newest_(newest),
        day_(day_of(admission.now.unix)) {
    const bool method = rule >= CompiledPlan::kFirstMethod && add_method(rule);
    if (plan.throttle() != nullptr && (!method || admission.both_throttles)) {
      add(*plan.throttle(), admission.subscription.bucket,
          Limit::kPlanThrottle);
    }
  }

  // False if something refused, or a word belongs to a newer version of the
  // plan.
  bool take(Decision& decision) noexcept {
    Subscription& subscription = admission_.subscription;
    // The quota is only read at first, so that a request that it refuses does
    // not borrow tokens even for an instant.
    if (!subscription.quota
             .check(plan_.quota(), day_, admission_.cost, subscription.log)
             .admitted) {
      return false;
    }
    uint64_t governing_word = 0;
    for (int i = 0; i < count_; ++i) {
      const auto take = gates_[i].bucket->take(gates_[i].throttle->clock,
                                               gates_[i].at, admission_.cost);
      if (take.outcome != TakeOutcome::kTaken) {
        give_back(i);
        return false;
      }
      if (i == 0) governing_word = take.word;
    }
    const QuotaDecision quota =
        subscription.quota.take(plan_.quota(), day_, admission_.cost,
                                subscription.log, admission_.lines);
    if (!quota.admitted) {
      give_back(count_);
      return false;
    }
    decision = Decision();
    decision.outcome = Outcome::kAdmitted;
    decision.retry_after_ns = 0;
    if (count_ > 0) report(gates_[0], governing_word, decision);
    report(quota.state, decision);
    return true;
  }

  // Says which limits refuse, from a look at all of them. False if none does
  // any more, or a word belongs to a newer version of the plan.
  bool explain(Decision& decision) const noexcept {
    const Subscription& subscription = admission_.subscription;
    decision = Decision();
    int64_t wait = 0;
    for (int i = 0; i < count_; ++i) {
      const Gate& gate = gates_[i];
      const auto check =
          gate.bucket->check(gate.throttle->clock, gate.at, admission_.cost);
      // Under the newest plan, it is the caller's time that is far behind.
      if (check.outcome == TakeOutcome::kStale && !newest_) return false;
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
    const QuotaDecision quota = subscription.quota.check(
        plan_.quota(), day_, admission_.cost, subscription.log);
    if (!quota.admitted) {
      wait = std::max(wait, wait_for(quota.state));
      if (decision.limit == Limit::kNone) {
        decision.outcome = Outcome::kQuotaExceeded;
        decision.limit = Limit::kQuota;
      }
    }
    if (decision.limit == Limit::kNone) return false;
    decision.retry_after_ns = wait;
    report(quota.admitted
               ? subscription.quota.read(plan_.quota(), day_, subscription.log)
               : quota.state,
           decision);
    return true;
  }

 private:
  bool add_method(CompiledPlan::Rule rule) noexcept {
    const CompiledThrottle& throttle = plan_.method(rule);
    TokenBucket* bucket = admission_.subscription.methods.find_or_add(
        throttle.slot, admission_.lines);
    // Without memory for a method's bucket, the plan's throttle governs.
    if (bucket == nullptr) return false;
    add(throttle, *bucket, Limit::kMethodThrottle);
    return true;
  }

  void add(const CompiledThrottle& throttle, TokenBucket& bucket,
           Limit limit) noexcept {
    gates_[count_++] = {&throttle, &bucket,
                        throttle.clock.at(admission_.now.monotonic), limit};
  }

  void give_back(int count) noexcept {
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
    const CompiledPlan* plan =
        admission_.subscription.cell->plan.load(std::memory_order_acquire);
    if (gate.limit == Limit::kPlanThrottle) {
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
  const CompiledPlan& plan_;
  const bool newest_;  // no other version has been published since
  const Day day_;
  Gate gates_[2];
  int count_ = 0;
};

}  // namespace

Decision Admission::decide() noexcept {
  Decision decision;
  // Each turn but the last means that another thread has changed what this one
  // read: a word, or the plan.
  const CompiledPlan* previous = nullptr;
  while (true) {
    // Acquire: pairs with the release of the publication.
    const CompiledPlan& plan =
        *subscription.cell->plan.load(std::memory_order_acquire);
    const CompiledPlan::Rule rule = plan.rule(route);
    if (rule == CompiledPlan::kNotCovered) {
      decision.forbidden = Forbidden::kNoPlan;
      return decision;
    }
    Attempt attempt(*this, plan, rule, /*newest=*/&plan == previous);
    if (attempt.take(decision) || attempt.explain(decision)) return decision;
    previous = &plan;
  }
}

}  // namespace weir
