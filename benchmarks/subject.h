#ifndef WEIR_BENCHMARKS_SUBJECT_H_
#define WEIR_BENCHMARKS_SUBJECT_H_

#include <cstddef>
#include <memory>
#include <string>

#include "enforcer/enforcer.h"

namespace weir {

// What the plan does to every request.
enum class Plan { kAdmits, kThrottles, kOverQuota };

// What is measured: an enforcer with one plan whose method throttle, plan
// throttle and quota all have to admit, and so many keys under it, numbers 0 on
// by `key_bytes()`. Each key's first request is behind it. Ends the process if
// it cannot be set up. *thread-compatible*
struct Subject {
  explicit Subject(size_t keys, Plan kind = Plan::kAdmits,
                   int lease_threads = 0);

  std::unique_ptr<Enforcer> enforcer;
  std::string plan_id;
  Route route;
};

}  // namespace weir

#endif  // WEIR_BENCHMARKS_SUBJECT_H_
