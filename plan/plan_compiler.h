#ifndef WEIR_PLAN_PLAN_COMPILER_H_
#define WEIR_PLAN_PLAN_COMPILER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "plan/compiled_plan.h"
#include "plan/plan_changes.h"
#include "plan/validation.h"
#include "proto/usage_plan.pb.h"
#include "quota/quota_terms.h"
#include "throttle/token_clock.h"

namespace weir {

// What the quota of a plan means to a key's counter.
QuotaTerms quota_terms(const v1::UsagePlan& plan, const PlanRules& rules);

// Routes by API id, stage and method key; an empty method key stands for the
// methods of the stage that have no throttle of their own.
using RouteName = std::tuple<std::string, std::string, std::string>;
using RouteIds = std::map<RouteName, uint32_t>;

// Compiles one plan's versions, one after the other. It remembers the clocks of
// the throttles, so that what keys owe their buckets outlives a change of rate,
// and which method has which bucket. *thread-compatible*
class PlanCompiler {
 private:
  // Slots by method key.
  using Stage = std::map<std::string, uint32_t>;
  // What becomes of a route; no slot: the plan's throttle alone.
  struct Target {
    bool covered;
    std::optional<uint32_t> slot;
  };

 public:
  // The way to a plan's next version: worked out, and not taken yet.
  class Update {
   private:
    friend class PlanCompiler;

    QuotaTerms quota_;
    bool throttled_ = false;
    std::optional<TokenClock> clock_;
    std::map<StageName, std::optional<Stage>> stages_;
    std::map<uint32_t, TokenClock> clocks_;  // those that are other, by slot
    std::vector<std::pair<uint32_t, Target>> targets_;  // by route
    std::vector<uint32_t> vacant_;
    uint32_t slot_count_ = 0;
    uint32_t route_count_ = 0;
  };

  // Prepares to make `plan` the version to compile. A throttle that was there
  // before keeps its buckets; one that is new, or back after it was removed,
  // starts with full ones. Takes time linear in what differs from the version
  // before: in `changes`, or in both versions if that is null. `now` is
  // monotonic, in nanoseconds. REQUIRES: validate_usage_plan(plan, rules) finds
  // no problem.
  //
  // ResourceExhausted: a throttle was changed more often than its clock can
  // remember.
  absl::StatusOr<Update> prepare(const v1::UsagePlan& plan,
                                 const PlanRules& rules,
                                 const PlanChanges* changes,
                                 const RouteIds& routes, int64_t now) const;

  // A route that is new. Returns whether the plan has anything to say about it.
  bool add_route(const RouteName& name, uint32_t id);
  // Routes that are new. Returns whether the plan has anything to say about
  // one.
  bool add_routes(const RouteIds& added);

  // Memory to compile into, aligned to 64 bytes. What is compiled is plain
  // data, and may be freed without more ado.
  struct Memory {
    void* plan;                    // of compiled_bytes()
    std::vector<void*> throttles;  // of kThrottleBytes each
  };
  size_t compiled_bytes(const Update& update) const;
  size_t compiled_bytes() const;
  size_t throttle_count(const Update& update) const;
  static const size_t kThrottleBytes;

  // Takes the update and compiles the version. Copies the table of routes, and
  // otherwise takes time linear in the update. Appends the throttles that this
  // version does not use any more. REQUIRES: `update` is of this compiler's
  // present version, and `memory` is as much as it needs.
  const CompiledPlan* compile(Update update, const Memory& memory,
                              std::vector<const CompiledThrottle*>* unused);
  // The present version, once more.
  const CompiledPlan* compile(void* memory) const;

  // Of the present version, by slot.
  const std::vector<const CompiledThrottle*>& throttles() const {
    return throttles_;
  }

 private:
  absl::Status prepare_throttle(const v1::UsagePlan& plan, int64_t now,
                                Update& update) const;
  absl::Status prepare_stages(const v1::UsagePlan& plan,
                              const PlanChanges& changes, int64_t now,
                              Update& update) const;
  absl::StatusOr<uint32_t> claim_slot(const v1::ThrottleSettings& throttle,
                                      int64_t now, Update& update) const;
  void prepare_targets(const RouteIds& routes, Update& update) const;
  static Target target_of(const std::optional<Stage>& stage,
                          const std::string& method);
  CompiledPlan::Rule rule_for(const Target& target) const;

  // Clocks outlive their throttles: only they can tell what the words in keys'
  // buckets mean, so the clock of a slot's next tenant is made of the last
  // one's.
  std::optional<TokenClock> clock_;  // of the plan's own throttle
  bool throttled_ = false;
  std::vector<const CompiledThrottle*> throttles_;  // of methods, by slot
  std::vector<uint32_t> vacant_;                    // slots without a tenant
  std::map<StageName, Stage> stages_;
  std::vector<CompiledPlan::Rule> rules_;  // by route, up to the last covered
  QuotaTerms quota_;
};

}  // namespace weir

#endif  // WEIR_PLAN_PLAN_COMPILER_H_
