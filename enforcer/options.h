#ifndef WEIR_ENFORCER_OPTIONS_H_
#define WEIR_ENFORCER_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "absl/base/log_severity.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "enforcer/clock.h"
#include "plan/validation.h"
#include "store/store.h"

namespace weir {

// What a plan's quota offset means: requests, subtracted from the limit in a
// key's first period (the text of the UpdateUsagePlan page), or the day on
// which a period starts (what API Gateway's validation accepts).
using QuotaOffset = PlanRules::QuotaOffset;

// How a method's throttle and the plan's go together.
enum class MethodThrottle {
  kReplacesPlan,  // the method's bucket alone governs the method
  kAddsToPlan,    // both have to admit
};

struct Options {
  // Where time is read when a call brings none. Default: a SystemClock.
  std::shared_ptr<Clock> clock;

  QuotaOffset quota_offset = QuotaOffset::kRequests;
  MethodThrottle method_throttle = MethodThrottle::kReplacesPlan;

  // Where plans, keys and usage outlive the process, `SqliteStore` for instance
  // (store/sqlite_store.h): the enforcer begins with what it holds. Default:
  // nowhere. See "With a store" below.
  std::shared_ptr<Store> store;
  // How often the counts that have changed go from their files to the store, up
  // to once a day. 0: only when `sync()` is called.
  absl::Duration sync_interval = absl::Seconds(1);
  // If the files of counts are damaged, begin with the counts of the last sync.
  // Otherwise that is an error.
  bool restore_counts = false;

  // Address space for keys, counters and history, from 2^20 to 2^39 bytes; less
  // is reserved where the process may have no more. Pages are
  // used only as they fill: about 150 bytes a key of up to 40 characters under
  // one plan, 128 more for each further plan, and 64 for each key's every seven
  // days with requests, for up to 126 days, and for every eight method
  // throttles beyond a plan's first.
  size_t arena_bytes = size_t{1} << 36;
  // Pages of two megabytes where the system gives them: faster with many keys.
  bool huge_pages = true;

  // Token leases, for keys whose requests come on several threads at once: how
  // many threads may have them, up to 64; 0: none, and `maintain()` need not be
  // called. No limit is exceeded by them. See docs/leases.md.
  int lease_threads = 0;
  // How many tokens a thread may hold of one key, 1 or more, if that comes to
  // no more than a quarter of the burst for all threads.
  int64_t lease_tokens = 64;

  // Receives what no call returns: a background sync that failed (once, until
  // the error changes), the first one that succeeds after that, a last sync
  // that failed in the destructor, and counts that begin with those of the last
  // sync (see Statistics::counts_from). Called by one thread at a time, by any
  // thread but never within `admit()`; must not call the enforcer or throw. No
  // message contains a key.
  std::function<void(absl::LogSeverity severity, std::string_view message)> log;
};

// InvalidArgument, naming the option, for the first that is out of its range.
// `Enforcer::create()` asks this.
absl::Status validate_options(const Options& options);

}  // namespace weir

#endif  // WEIR_ENFORCER_OPTIONS_H_
