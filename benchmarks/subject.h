#ifndef WEIR_BENCHMARKS_SUBJECT_H_
#define WEIR_BENCHMARKS_SUBJECT_H_

#include <cstddef>
#include <memory>
#include <string>

#include "weir/enforcer/enforcer.h"

namespace weir {

// What the plan does with every request.
enum class Plan { kAdmits, kThrottles, kOverQuota };

// The subject of measurements: an enforcer with one plan whose method throttle,
// plan throttle and quota must all admit, and with `keys` keys under it,
// numbered from 0 by `key_bytes()`. Each key has already made its first
// request. Ends the process if it cannot be set up. *thread-compatible*
struct Subject {
  explicit Subject(size_t keys, Plan kind = Plan::kAdmits,
                   int lease_threads = 0);

  std::unique_ptr<Enforcer> enforcer;
  std::string plan_id;
  Route route;
};

}  // namespace weir

#endif  // WEIR_BENCHMARKS_SUBJECT_H_
