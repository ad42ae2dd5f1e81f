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
#include "weir/plan/compiled_plan.h"
#include "weir/plan/plan_changes.h"
#include "weir/plan/validation.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/quota/quota_terms.h"
#include "weir/throttle/token_clock.h"

namespace weir {

// The quota of a plan as terms for a key's counter.
QuotaTerms quota_terms(const v1::UsagePlan& plan, const PlanRules& rules);

// The name of a route: API id, stage and method key. An empty method key stands
// for the methods of the stage that do not have their own throttle.
using RouteName = std::tuple<std::string, std::string, std::string>;
using RouteIds = std::map<RouteName, uint32_t>;

// Compiles the successive versions of one plan. It remembers which method has
// which bucket, and the clocks of the throttles, so that the debts of buckets
// survive a change of rate. *thread-compatible*
class PlanCompiler {
 private:
  // Slots by method key.
  using Stage = std::map<std::string, uint32_t>;
  // What a route compiles to. Without a slot, only the plan's throttle applies.
  struct Target {
    bool covered;
    std::optional<uint32_t> slot;
  };

 public:
  // The prepared transition to a plan's next version, to be passed to
  // compile().
  class Update {
   private:
    friend class PlanCompiler;

    QuotaTerms quota_;
    bool throttled_ = false;
    std::optional<TokenClock> clock_;
    std::map<StageName, std::optional<Stage>> stages_;
    std::map<uint32_t, TokenClock> clocks_;  // Changed clocks, by slot.
    std::vector<std::pair<uint32_t, Target>> targets_;  // By route.
    std::vector<uint32_t> vacant_;
    uint32_t slot_count_ = 0;
    uint32_t route_count_ = 0;
  };

  // Prepares to compile `plan` as the next version. An existing throttle keeps
  // its buckets; one that is new, or was removed before, starts with full ones.
  // Takes time linear in the difference from the previous version: in
  // `changes`, or in both versions if that is null. `now` is monotonic, in
  // nanoseconds. REQUIRES: validate_usage_plan(plan, rules) finds no problem.
  //
  // ResourceExhausted if a throttle was changed more often than its clock can
  // remember.
  absl::StatusOr<Update> prepare(const v1::UsagePlan& plan,
                                 const PlanRules& rules,
                                 const PlanChanges* changes,
                                 const RouteIds& routes, int64_t now) const;

  // Adds a new route. Returns whether the plan covers it.
  bool add_route(const RouteName& name, uint32_t id);
  // Adds new routes. Returns whether the plan covers any of them.
  bool add_routes(const RouteIds& added);

  // Memory to compile into, aligned to 64 bytes. The result is plain data, and
  // may be freed without calling destructors.
  struct Memory {
    void* plan;                    // Of compiled_bytes().
    std::vector<void*> throttles;  // Of kThrottleBytes each.
  };
  size_t compiled_bytes(const Update& update) const;
  size_t compiled_bytes() const;
  size_t throttle_count(const Update& update) const;
  static const size_t kThrottleBytes;

  // Applies the update and compiles the version. Copies the table of routes,
  // and otherwise takes time linear in the update. Appends to `unused` the
  // throttles that this version no longer uses. REQUIRES: `update` was prepared
  // from this compiler's present version, and `memory` is as much as it needs.
  const CompiledPlan* compile(Update update, const Memory& memory,
                              std::vector<const CompiledThrottle*>* unused);
  // Compiles the present version again.
  const CompiledPlan* compile(void* memory) const;

  // The method throttles of the present version, by slot.
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

  // Clocks outlive their throttles: only they can interpret the words in keys'
  // buckets, so the clock of a slot's next throttle is derived from the
  // previous one's.
  std::optional<TokenClock> clock_;  // Of the plan's own throttle.
  bool throttled_ = false;
  std::vector<const CompiledThrottle*> throttles_;  // Of methods, by slot.
  std::vector<uint32_t> vacant_;                    // Slots not in use.
  std::map<StageName, Stage> stages_;
  std::vector<CompiledPlan::Rule> rules_;  // By route, up to the last covered.
  QuotaTerms quota_;
};

}  // namespace weir

#endif  // WEIR_PLAN_PLAN_COMPILER_H_
