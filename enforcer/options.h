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
#include "weir/base/clock.h"
#include "weir/plan/validation.h"
#include "weir/store/store.h"

namespace weir {

// The meaning of a plan's quota offset: requests, subtracted from the limit in
// a key's first period (as the UpdateUsagePlan page says), or the day on which
// a period starts (as API Gateway's validation accepts).
using QuotaOffset = PlanRules::QuotaOffset;

// How a method's throttle and the plan's throttle combine.
enum class MethodThrottle {
  kReplacesPlan,  // only the method's bucket governs the method
  kAddsToPlan,    // both must admit
};

struct Options {
  // The clock for calls that carry no time. Default: a SystemClock.
  std::shared_ptr<Clock> clock;

  QuotaOffset quota_offset = QuotaOffset::kRequests;
  MethodThrottle method_throttle = MethodThrottle::kReplacesPlan;

  // Where plans, keys and usage are kept across processes, such as a
  // `SqliteStore` (store/sqlite_store.h). The enforcer starts with the store's
  // contents. Default: nowhere. See "With a store" in enforcer.h.
  std::shared_ptr<Store> store;
  // How often changed counts are copied from their files to the store; at most
  // 24 hours. 0: only when `sync()` is called.
  absl::Duration sync_interval = absl::Seconds(1);
  // If the count files are damaged, start with the counts of the last sync.
  // Otherwise damaged count files are an error.
  bool restore_counts = false;

  // Address space for keys, counters and history, from 2^20 to 2^39 bytes; less
  // is reserved if the process may not have as much. Pages are used only as
  // they fill: about 150 bytes for a key of up to 40 characters under one plan,
  // 128 more for each further plan, and 64 for every seven days with requests
  // of each key, for up to 126 days, and for every eight method throttles
  // beyond a plan's first.
  size_t arena_bytes = size_t{1} << 36;
  // Use pages of two megabytes if the system provides them: faster with many
  // keys.
  bool huge_pages = true;

  // Token leases, for keys whose requests arrive on several threads at once:
  // the maximum number of threads that may hold them, up to 64. 0: no leases,
  // and `maintain()` need not be called. LeaseManager never exceed a limit. See
  // docs/leases.md.
  int lease_threads = 0;
  // The number of tokens of one key that a thread may hold, 1 or more; fewer if
  // all threads together would hold more than a quarter of the burst.
  int64_t lease_tokens = 64;

  // Receives events that no call returns: a background sync that failed (once,
  // until the error changes), the first sync that succeeds after that, a final
  // sync that failed in the destructor, and a start with the counts of the last
  // sync (see Statistics::counts_from). Called by one thread at a time, which
  // may be any thread, but never within `admit()`. Must not call the enforcer
  // or throw. No message contains a key.
  std::function<void(absl::LogSeverity severity, std::string_view message)> log;
};

// Returns InvalidArgument for the first option that is out of its range, and
// names it. `Enforcer::create()` calls this.
absl::Status validate_options(const Options& options);

}  // namespace weir

#endif  // WEIR_ENFORCER_OPTIONS_H_
