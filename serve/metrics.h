// The metrics of a running weir, for Prometheus.

#ifndef WEIR_SERVE_METRICS_H_
#define WEIR_SERVE_METRICS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "weir/enforcer/enforcer.h"
#include "weir/gateway/authorizer.h"
#include "weir/gateway/request_counters.h"
#include "weir/http/server_statistics.h"
#include "weir/serve/access_log.h"
#include "weir/serve/management_counters.h"

namespace weir {

struct MetricsSources {
  const Enforcer* enforcer;
  const RequestCounters* requests;
  const ManagementCounters* management;
  const Authorizer* authorizer;              // nullptr: there is none
  const AccessLog* access_log;               // likewise
  std::string_view version;                  // of the program
  std::optional<HttpServerStatistics> http;  // none: not shown
};

// The metrics in the text format of MetricsWriter:
//
//   weir_requests_total{outcome}                      see RequestCounters
//   weir_authorize_rejected_total{reason}             see Authorizer
//   weir_access_log_lines_total, weir_access_log_dropped_total,
//   weir_access_log_write_errors_total                see AccessLog
//   weir_management_requests_total{operation,status}  see ManagementCounters
//   weir_usage_plans, weir_api_keys, weir_threads, weir_stalled_threads,
//   weir_leases, weir_arena_used_bytes, weir_arena_retired_bytes,
//   weir_counts_file_bytes, weir_history_gaps_total,
//   weir_sync_failures_total                          see Enforcer::Statistics
//   weir_last_sync_timestamp_seconds                  after the first sync
//   weir_stalled_call_seconds                         likewise; see health
//   weir_http_connections                             if known
//   weir_http_displaced_total, weir_http_refused_total{reason}
//                                                     likewise; HttpRefusal
//   weir_build_info{version}                          1
//   process_*                                         see ProcessStatus
//
// No label contains a key, or anything else that clients choose. Never waits,
// as `Enforcer::statistics()` does not; reads /proc. Thread-safe.
std::string metrics_text(const MetricsSources& sources);

}  // namespace weir

#endif  // WEIR_SERVE_METRICS_H_
