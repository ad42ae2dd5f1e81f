#include "weir/data_plane/admission.h"

#include <algorithm>
#include <optional>

#include "absl/base/attributes.h"
#include "absl/base/optimization.h"
#include "weir/base/thread_number.h"
#include "weir/data_plane/current_clock.h"
#include "weir/data_plane/key_lease.h"
#include "weir/plan/compiled_plan.h"
#include "weir/quota/calendar.h"
#include "weir/quota/counts.h"
#include "weir/quota/quota_counter.h"
#include "weir/quota/quota_terms.h"
#include "weir/throttle/token_bucket.h"
#include "weir/throttle/token_clock.h"

namespace weir::internal {
namespace {

// A bucket that has to admit the request, and the clock that it goes by.
struct Gate {
  const CompiledThrottle* throttle;
  TokenBucket* bucket;
  TokenInstant at;
  const PlanCell* cell;  // of the plan whose throttle it is
  Limit limit;
  bool is_method;
};

// What an attempt knows of leases: the key's lease and how much of the burst it
// has reserved; or, at no cost, that there are none.
struct NoLease {
  static constexpr bool kIsPossible = false;
  static constexpr int64_t reserve_of(const TokenBucket*) noexcept { return 0; }
};
struct MaybeLease {
  static constexpr bool kIsPossible = true;

  explicit MaybeLease(KeyLease* lease) noexcept
      : lease(lease), reserve(lease == nullptr ? 0 : lease->reserve()) {}
  int64_t reserve_of(const TokenBucket* bucket) const noexcept {
    return reserve > 0 && lease->holds(bucket) ? reserve : 0;
  }

  KeyLease* const lease;
  const int64_t reserve;
};

// The number of gates of a key's own plan, and including those of shared plans:
// each plan has at most a method's and its own.
constexpr int kOwnGates = 2;
constexpr int kAllGates = kOwnGates + 2 * Admission::kMaxShared;

// Gives back what was taken from a bucket.
ABSL_ATTRIBUTE_NOINLINE void give_back(const Admission& admission, Gate gate,
                                       int64_t cost) noexcept {
  const TokenClock* clock = &gate.throttle->clock;
  const uint64_t greatest = clock->greatest(gate.at);
  // If the word has moved on to a newer clock, tokens are given back under that
  // one; if there is none, the throttle is gone, and the debt with it.
  while (clock != nullptr &&
         !gate.bucket->give_back(*clock, clock->at(admission.now.monotonic),
                                 cost)) {
    const TokenClock* newer =
        current_clock(*gate.cell, admission.route,
                      {gate.is_method, gate.throttle->slot}, greatest);
    clock = newer == clock ? nullptr : newer;
  }
}

// One attempt to take `cost` under one version of the plans, from `kMaxGates`
// buckets at most.
template <class Lease, int kMaxGates>
class Attempt {
 public:
  Attempt(const Admission& admission, Subscription& subscription,
          const PlanCell& cell, const CompiledPlan& plan,
          CompiledPlan::Rule rule, int64_t cost, const Lease& lease) noexcept
      : admission_(admission),
        counts_(admission.counts.of(subscription)),
        plan_(plan),
        cost_(cost),
        lease_(lease),
        day_(day_of(admission.now.unix_ns)),
        version_(reinterpret_cast<uintptr_t>(&plan)) {
    add(plan, rule, subscription, cell, Limit::kMethodThrottle,
        Limit::kPlanThrottle);
    if constexpr (kMaxGates > kOwnGates) {
      if (admission.shared != nullptr) add_shared();
    }
  }

  // After `explain()` has returned false: the version under which a word seemed
  // to belong to a newer one; or 0. If the next attempt has the same version,
  // there is no newer one.
  uintptr_t stale_version() const noexcept { return is_stale_ ? version_ : 0; }
  bool has_version(uintptr_t version) const noexcept {
    return version == version_;
  }

  // False if a limit refuses, or a word belongs to a newer version of a plan.
  bool take(Decision& decision) noexcept {
    // The quota is only read at first, so that a request that it refuses does
    // not take tokens even for an instant.
    const QuotaDecision seen =
        counts_.quota.check(plan_.quota(), day_, cost_, counts_.log);
    if (!seen.admitted) return false;
    uint64_t governing_word = 0;
    // Unrolled, a key's own gates need not be in memory.
#pragma GCC unroll 2
    for (int i = 0; i < kMaxGates; ++i) {
      if (i == count_) break;
      const auto take =
          gates_[i].bucket->take(gates_[i].throttle->clock, gates_[i].at, cost_,
                                 lease_.reserve_of(gates_[i].bucket));
      if (ABSL_PREDICT_FALSE(take.outcome != TakeOutcome::kTaken)) {
        give_back(i, cost_);
        return false;
      }
      if (i == 0) governing_word = take.word;
    }
    const QuotaDecision quota =
        counts_.quota.take(plan_.quota(), day_, cost_, seen.state, counts_.log,
                           admission_.counts.lines());
    if (ABSL_PREDICT_FALSE(!quota.admitted)) {
      give_back(count_, cost_);
      return false;
    }
    if constexpr (Lease::kIsPossible) {
      counted_on_ = quota.state.day;
      has_collided_ = quota.state.used_today != seen.state.used_today + cost_;
    }
    decision.outcome = Outcome::kAdmitted;
    decision.retry_after_ns = 0;
    if (count_ > 0) report(gates_[0], governing_word, decision);
    report(quota.state, decision);
    return true;
  }

  // Checks all limits and reports which refuse. False if none does any more, or
  // if a word seems to belong to a newer version of a plan. `newest` says that
  // there was no newer version when it last seemed so: the caller's time is far
  // behind, which looks the same. On false, `decision` is as constructed.
  ABSL_ATTRIBUTE_NOINLINE bool explain(bool newest,
                                       Decision& decision) noexcept {
    decision = Decision();
    int64_t wait = 0;
    for (int i = 0; i < count_; ++i) {
      const Gate& gate = gates_[i];
      const auto check = gate.bucket->check(
          gate.throttle->clock, gate.at, cost_, lease_.reserve_of(gate.bucket));
      if (check.outcome == TakeOutcome::kStale && !newest) {
        is_stale_ = true;
        decision = Decision();
        return false;
      }
      if (check.outcome == TakeOutcome::kTaken) {
        // `check.word` is the word after a take, so the current one is read.
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
    const QuotaDecision quota =
        counts_.quota.check(plan_.quota(), day_, cost_, counts_.log);
    if (!quota.admitted) {
      wait = std::max(wait, wait_for(quota.state));
      if (decision.limit == Limit::kNone) {
        decision.outcome = Outcome::kQuotaExceeded;
        decision.limit = Limit::kQuota;
      }
    }
    if (decision.limit == Limit::kNone) {
      decision = Decision();
      return false;
    }
    // At least 1: a retry at once is too early even if only tokens are missing
    // that another call is just giving back, or if the caller's time is far
    // behind the bucket's.
    decision.retry_after_ns = std::max<int64_t>(wait, 1);
    report(quota.state, decision);
    return true;
  }

  // -- After `take()`, where a lease is possible --

  // Whether another thread counted a request in the meantime.
  bool has_collided() const noexcept { return has_collided_; }

  // Counts `n` more requests, without tokens. False if the quota has no room
  // for them, or another day is being counted by now.
  bool count_more(int64_t n, Decision& decision) noexcept {
    const QuotaDecision more = counts_.quota.take(
        plan_.quota(), day_, n, counts_.log, admission_.counts.lines());
    if (!more.admitted) return false;
    if (more.state.day != counted_on_) {
      counts_.quota.give_back(more.state.day, n);
      return false;
    }
    report(more.state, decision);
    return true;
  }
  void uncount(int64_t n) noexcept { counts_.quota.give_back(counted_on_, n); }
  void give_back(int64_t n) noexcept {
    give_back(count_, n);
    uncount(n);
  }
  Day counted_on() const noexcept { return counted_on_; }

 private:
  // Adds a plan's throttles for the route.
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
    for (int i = 0; shared != nullptr && i < Admission::kMaxShared; ++i) {
      // Acquire: pairs with the release in `Clients::link()`, and that of the
      // plan's publication.
      const PlanCell* cell = shared->cell.load(std::memory_order_acquire);
      if (cell != nullptr) {
        const CompiledPlan& plan = *cell->plan.load(std::memory_order_acquire);
        // Whatever their order, the sum differs if one of the plans does.
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

  void give_back(int count, int64_t cost) noexcept {
    for (int i = 0; i < count; ++i)
      weir::internal::give_back(admission_, gates_[i], cost);
  }

  int64_t wait_for(const Gate& gate, uint64_t word) const noexcept {
    const int64_t ready = gate.throttle->clock.ready_at(word, cost_);
    return ready == TokenClock::kNever ? Decision::kNever
                                       : ready - admission_.now.monotonic;
  }

  int64_t wait_for(const QuotaState& state) const noexcept {
    const std::optional<Day> day = retry_day(plan_.quota(), state, cost_);
    // The last day that quotas know never ends.
    return day.has_value() && start_of(*day) > admission_.now.unix_ns
               ? start_of(*day) - admission_.now.unix_ns
               : Decision::kNever;
  }

  void report(const Gate& gate, uint64_t word,
              Decision& decision) const noexcept {
    const TokenClock& clock = gate.throttle->clock;
    decision.burst = clock.burst();
    decision.burst_window_seconds = gate.throttle->window_seconds;
    decision.units_remaining =
        clock.available_units(gate.at, word, lease_.reserve_of(gate.bucket));
    decision.units_per_token = clock.units_per_token();
  }

  void report(const QuotaState& state, Decision& decision) const noexcept {
    decision.forbidden = Forbidden::kNo;
    decision.made_at_unix_ns = admission_.now.unix_ns;
    if (state.cap == QuotaState::kNoCap) return;
    decision.quota_limit = state.cap;
    decision.quota_remaining = state.remaining();
    decision.calendar = state.calendar;
    decision.day = state.day;
  }

  const Admission& admission_;
  Counts& counts_;
  const CompiledPlan& plan_;
  const int64_t cost_;
  const Lease lease_;
  const Day day_;
  uintptr_t version_;  // tells versions apart
  bool is_stale_ = false;
  bool has_collided_ = false;
  Day counted_on_ = 0;
  int count_ = 0;
  Gate gates_[kMaxGates];
};

// Decides a request of any kind. False if the plan does not cover the route.
// `is_refused`: an attempt under the key's own limits has just failed.
ABSL_ATTRIBUTE_NOINLINE bool decide_anyhow(const Admission& admission,
                                           Subscription& subscription,
                                           const PlanCell& cell,
                                           bool is_refused,
                                           Decision& decision) noexcept {
  // Each iteration but the last means that another thread has changed what this
  // one read: a word, or a plan.
  for (uintptr_t stale = 0;;) {
    // Acquire: pairs with the release of the publication.
    const CompiledPlan& plan = *cell.plan.load(std::memory_order_acquire);
    const CompiledPlan::Rule rule = plan.rule(admission.route);
    if (rule == CompiledPlan::kNotCovered) return false;
    Attempt<NoLease, kAllGates> attempt(admission, subscription, cell, plan,
                                        rule, admission.cost, {});
    if ((!is_refused && attempt.take(decision)) ||
        attempt.explain(attempt.has_version(stale), decision)) {
      return true;
    }
    is_refused = false;
    stale = attempt.stale_version();
  }
}

// The same, with a fast path for most requests, which the key's own limits
// admit: their gates need not be in memory.
bool decide_under(const Admission& admission, Subscription& subscription,
                  const PlanCell& cell, Decision& decision) noexcept {
  const bool is_simple = admission.shared == nullptr;
  if (ABSL_PREDICT_TRUE(is_simple)) {
    const CompiledPlan& plan = *cell.plan.load(std::memory_order_acquire);
    const CompiledPlan::Rule rule = plan.rule(admission.route);
    if (rule == CompiledPlan::kNotCovered) return false;
    Attempt<NoLease, kOwnGates> attempt(admission, subscription, cell, plan,
                                        rule, admission.cost, {});
    if (ABSL_PREDICT_TRUE(attempt.take(decision))) return true;
  }
  return decide_anyhow(admission, subscription, cell, is_simple, decision);
}

// Pays for what the thread's slot has spent, and refills the slot but for one
// token, which is spent.
bool take_for_slot(const Admission& admission,
                   Attempt<MaybeLease, kAllGates>& attempt, KeyLease& lease,
                   int thread, Decision& decision) noexcept {
  if (!attempt.take(decision)) return false;
  const int64_t rest = lease.tokens() - 1;
  if (attempt.counted_on() != lease.day() ||
      !lease.fill(thread, rest, admission.now, decision)) {
    attempt.give_back(rest);
  }
  return true;
}

// Gives a slot its first tokens: its part of the reserve.
void start_slot(const Admission& admission,
                Attempt<MaybeLease, kAllGates>& attempt, KeyLease& lease,
                int thread, const Decision& decision) noexcept {
  Decision later = decision;
  if (attempt.counted_on() != lease.day() ||
      !attempt.count_more(lease.tokens(), later)) {
    return;
  }
  if (!lease.fill(thread, lease.tokens(), admission.now, later)) {
    attempt.uncount(lease.tokens());
  }
}

// Like decide_under(), where keys may have leases.
bool decide_beside_leases(const Admission& admission,
                          Subscription& subscription, const PlanCell& cell,
                          Decision& decision) noexcept {
  using Wants = KeyLease::Wants;
  const int thread = ThreadNumber::mine();
  // Each iteration but the last means the same as above, or that this thread or
  // another has closed a slot.
  for (uintptr_t stale = 0;;) {
    // Read before the plan and the buckets: see `BasicLease::reserve()`.
    KeyLease* lease = admission.leases->find(admission.client);
    if (lease != nullptr && lease->subscription() != &subscription) {
      lease = nullptr;
    }
    if (lease != nullptr && lease->is_over(admission.now)) lease->close_all();
    const MaybeLease held(lease);
    // Acquire: pairs with the release of the publication.
    const CompiledPlan& plan = *cell.plan.load(std::memory_order_acquire);
    const CompiledPlan::Rule rule = plan.rule(admission.route);
    if (rule == CompiledPlan::kNotCovered) return false;

    const Wants wants =
        lease == nullptr || admission.cost != 1 || admission.shared != nullptr
            ? Wants::kNothing
            : lease->wants(thread, admission.route, admission.now);
    if (wants == Wants::kMore) {
      Attempt<MaybeLease, kAllGates> attempt(admission, subscription, cell,
                                             plan, rule, lease->tokens(), held);
      if (take_for_slot(admission, attempt, *lease, thread, decision)) {
        return true;
      }
    }
    Attempt<MaybeLease, kAllGates> attempt(admission, subscription, cell, plan,
                                           rule, admission.cost, held);
    if (attempt.take(decision)) {
      if (wants == Wants::kFirst) {
        start_slot(admission, attempt, *lease, thread, decision);
      } else if (attempt.has_collided()) {
        admission.leases->note_collision(admission.client, subscription,
                                         admission.route);
      }
      return true;
    }
    // No request is refused for want of tokens that slots hold: they are closed
    // first.
    if (held.reserve > 0 &&
        (lease->close_all() || lease->reserve() != held.reserve)) {
      continue;
    }
    if (attempt.explain(attempt.has_version(stale), decision)) return true;
    stale = attempt.stale_version();
  }
}

}  // namespace

void Admission::decide(Decision& decision) const noexcept {
  for (Subscription* subscription = &client.first; subscription != nullptr;
       // Acquire: both pair with the releases in `Clients::publish()` and
       // `Clients::link()`.
       subscription = subscription->next.load(std::memory_order_acquire)) {
    const PlanCell* cell = subscription->cell.load(std::memory_order_acquire);
    if (cell == nullptr) continue;
    // A key has at most one plan for a stage, so the first answer is the only
    // one.
    if (ABSL_PREDICT_TRUE(leases == nullptr)
            ? decide_under(*this, *subscription, *cell, decision)
            : decide_beside_leases(*this, *subscription, *cell, decision)) {
      return;
    }
  }
  decision.forbidden = Forbidden::kNoPlan;
}

}  // namespace weir::internal
