#ifndef WEIR_PLAN_COMPILED_PLAN_H_
#define WEIR_PLAN_COMPILED_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "plan/validation.h"
#include "proto/usage_plan.pb.h"
#include "quota/calendar.h"
#include "quota/quota_terms.h"
#include "throttle/token_clock.h"

namespace weir {

// A route's names; an empty method key stands for the methods of the stage that
// have no throttle of their own.
struct RouteName {
  std::string api_id;
  std::string stage;
  std::string method_key;
};

// A throttle as `admit()` reads it.
struct CompiledThrottle {
  TokenClock clock;
  // Whole seconds in which an empty bucket fills, at least 1; 0: never.
  int64_t window_seconds = 0;
  // Which of a key's method buckets this is. Unused in the plan's own throttle.
  uint32_t slot = 0;
};

// A usage plan as `admit()` reads it: one immutable block of plain data, its
// method throttles and its table of routes behind it. *thread-safe*
class CompiledPlan {
 public:
  // What the plan says about a route: kNotCovered, kCovered (the plan's
  // throttle alone), or kFirstMethod + i for method throttle i.
  using Rule = uint32_t;
  static constexpr Rule kNotCovered = 0;
  static constexpr Rule kCovered = 1;
  static constexpr Rule kFirstMethod = 2;

  // Routes that are younger than this compilation are not covered: whoever adds
  // a route compiles the plans that cover it anew.
  Rule rule(uint32_t route) const noexcept {
    return route < route_count_ ? rules_[route] : kNotCovered;
  }

  // nullptr: the plan has no throttle.
  const CompiledThrottle* throttle() const noexcept {
    return throttle_.has_value() ? &*throttle_ : nullptr;
  }
  // REQUIRES: rule >= kFirstMethod, and from this plan.
  const CompiledThrottle& method(Rule rule) const noexcept {
    return methods_[rule - kFirstMethod];
  }
  const QuotaTerms& quota() const noexcept { return quota_; }

  size_t bytes() const noexcept { return bytes_; }

 private:
  friend class PlanCompiler;

  std::optional<CompiledThrottle> throttle_;
  QuotaTerms quota_;
  const CompiledThrottle* methods_;
  const Rule* rules_;
  uint32_t route_count_;
  size_t bytes_;
};

// What the quota of a plan means to a key's counter.
QuotaTerms quota_terms(const v1::UsagePlan& plan, const PlanRules& rules);

// Compiles one plan's versions, one after the other. It remembers the clocks of
// the throttles, so that what keys owe their buckets outlives a change of rate,
// and which method has which bucket. A copy is an independent compiler: compile
// with a copy first, and keep it if all went well. *thread-compatible*
class PlanCompiler {
 public:
  // Makes `plan` the version to compile. A throttle that was there before keeps
  // its buckets; one that is new, or back after it was removed, starts with
  // full ones. `now` is monotonic, in nanoseconds. REQUIRES:
  // validate_usage_plan(plan, rules) finds no problem.
  absl::Status update(const v1::UsagePlan& plan, const PlanRules& rules,
                      int64_t now);

  bool covers(std::string_view api_id, std::string_view stage) const;

  // How much memory `compile()` needs.
  size_t compiled_bytes(size_t route_count) const;

  // Compiles into `memory`, which is aligned to 64 bytes; the plan is plain
  // data, and its memory may be freed without more ado. A route's id is its
  // index. REQUIRES: `update()` was called.
  const CompiledPlan* compile(void* memory,
                              absl::Span<const RouteName> routes) const;

 private:
  // API id, stage, method key.
  using MethodName = std::tuple<std::string, std::string, std::string>;
  absl::Status set_throttle(const v1::UsagePlan& plan, int64_t now);
  absl::Status set_methods(const v1::UsagePlan& plan, int64_t now);
  absl::StatusOr<uint32_t> claim_slot(const v1::ThrottleSettings& throttle,
                                      int64_t now);

  // Clocks outlive their throttles: only they can tell what the words in keys'
  // buckets mean, so the clock of a slot's next tenant is made of the last
  // one's.
  std::optional<TokenClock> clock_;  // of the plan's own throttle
  bool throttled_ = false;
  std::vector<TokenClock> clocks_;          // of method throttles, by slot
  std::vector<uint32_t> vacant_;            // slots without a tenant
  std::map<MethodName, uint32_t> methods_;  // to its slot
  std::set<std::pair<std::string, std::string>> stages_;
  QuotaTerms quota_;
};

}  // namespace weir

#endif  // WEIR_PLAN_COMPILED_PLAN_H_
