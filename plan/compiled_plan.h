#ifndef WEIR_PLAN_COMPILED_PLAN_H_
#define WEIR_PLAN_COMPILED_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "weir/quota/quota_terms.h"
#include "weir/throttle/token_clock.h"

namespace weir {

// A throttle in the form that `admit()` reads.
struct CompiledThrottle {
  TokenClock clock;
  // Whole seconds that an empty bucket takes to fill, at least 1; 0: never.
  int64_t window_seconds = 0;
  // Which of a key's method buckets this is. Unused in the plan's own throttle.
  uint32_t slot = 0;
};

// A usage plan in the form that `admit()` reads: one immutable block of plain
// data, followed by its table of routes. The method throttles, also immutable,
// are separate blocks that versions share. *thread-safe*
class CompiledPlan {
 public:
  // What the plan says about a route: kNotCovered, kCovered (the plan's
  // throttle alone), or, from kFirstMethod on, the address of its throttle.
  using Rule = uintptr_t;
  static constexpr Rule kNotCovered = 0;
  static constexpr Rule kCovered = 1;
  static constexpr Rule kFirstMethod = 2;

  // Routes added after this compilation are not covered: adding a route
  // requires recompiling the plans that cover it.
  Rule rule(uint32_t route) const noexcept {
    return route < route_count_ ? rules_[route] : kNotCovered;
  }

  bool has_stages() const noexcept { return has_stages_; }

  // nullptr if the plan has no throttle.
  const CompiledThrottle* throttle() const noexcept {
    return throttle_.has_value() ? &*throttle_ : nullptr;
  }
  // REQUIRES: rule >= kFirstMethod, and from this plan.
  const CompiledThrottle& method(Rule rule) const noexcept {
    return *reinterpret_cast<const CompiledThrottle*>(rule);
  }
  const QuotaTerms& quota() const noexcept { return quota_; }

  size_t bytes() const noexcept { return bytes_; }

 private:
  friend class PlanCompiler;

  std::optional<CompiledThrottle> throttle_;
  QuotaTerms quota_;
  const Rule* rules_;
  uint32_t route_count_;
  bool has_stages_;
  size_t bytes_;
};

}  // namespace weir

#endif  // WEIR_PLAN_COMPILED_PLAN_H_
