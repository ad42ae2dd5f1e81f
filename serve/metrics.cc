#include "weir/serve/metrics.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "weir/enforcer/decision_names.h"
#include "weir/http/refusal.h"
#include "weir/serve/metrics_writer.h"
#include "weir/serve/process_status.h"

namespace weir {
namespace {

void add_gauge(MetricsWriter& metrics, std::string_view name,
               std::string_view help, size_t value) {
  metrics.begin_gauge(name, help);
  metrics.add(static_cast<int64_t>(value));
}

void add_seconds(MetricsWriter& metrics, int64_t nanoseconds) {
  metrics.add(static_cast<double>(nanoseconds) / 1e9);
}

void add_counter(MetricsWriter& metrics, std::string_view name,
                 std::string_view help, int64_t value) {
  metrics.begin_counter(name, help);
  metrics.add(value);
}

// Adds one counter for each value of `label`.
template <size_t kSize>
void add_counters(MetricsWriter& metrics, std::string_view name,
                  std::string_view help, std::string_view label,
                  const std::array<const char*, kSize>& label_values,
                  const std::array<int64_t, kSize>& values) {
  metrics.begin_counter(name, help);
  for (size_t i = 0; i < kSize; ++i) {
    metrics.add({{label, label_values[i]}}, values[i]);
  }
}

void add_requests(MetricsWriter& metrics, const RequestCounters& requests) {
  add_counters(metrics, "weir_requests_total",
               "Requests to the APIs, by what became of them.", "outcome",
               kOutcomeNames, requests.totals());
}

void add_authorizer(MetricsWriter& metrics, const Authorizer& authorizer) {
  add_counters(metrics, "weir_authorize_rejected_total",
               "Questions of proxies that were refused without a decision.",
               "reason", Authorizer::kRejectionNames, authorizer.rejections());
}

void add_access_log(MetricsWriter& metrics, const AccessLog& log) {
  const AccessLog::Statistics statistics = log.statistics();
  add_counter(metrics, "weir_access_log_lines_total",
              "Lines written to the access log.", statistics.lines);
  add_counter(metrics, "weir_access_log_dropped_total",
              "Requests that are not in the access log because it could not be "
              "written in time.",
              statistics.dropped);
  add_counter(metrics, "weir_access_log_write_errors_total",
              "Attempts to write to the access log that failed.",
              statistics.write_errors);
}

void add_management(MetricsWriter& metrics,
                    const ManagementCounters& management) {
  metrics.begin_counter(
      "weir_management_requests_total",
      "Calls of the management interface, by operation and class of status.");
  management.for_each(
      [&](std::string_view operation, std::string_view status, int64_t calls) {
        metrics.add({{"operation", operation}, {"status", status}}, calls);
      });
}

void add_statistics(MetricsWriter& metrics,
                    const Enforcer::Statistics& statistics) {
  add_gauge(metrics, "weir_usage_plans", "Usage plans.",
            statistics.usage_plans);
  add_gauge(metrics, "weir_api_keys", "API keys.", statistics.api_keys);
  add_gauge(metrics, "weir_arena_used_bytes",
            "Memory of keys, counters and plans.", statistics.arena_used_bytes);
  add_gauge(metrics, "weir_arena_retired_bytes",
            "Of these, bytes waiting for requests that may still read them.",
            statistics.arena_retired_bytes);
  add_gauge(metrics, "weir_threads", "Threads that have decided requests.",
            statistics.threads);
  add_gauge(metrics, "weir_stalled_threads",
            "Threads that have been in a decision for so long that memory "
            "cannot be reclaimed.",
            statistics.stalled_threads);
  add_gauge(metrics, "weir_leases", "Keys that threads hold leased tokens of.",
            statistics.leases);
  add_counter(metrics, "weir_history_gaps_total",
              "Days of single keys that are missing from the history because "
              "memory was used up.",
              statistics.days_not_recorded);
  add_gauge(metrics, "weir_counts_file_bytes",
            "Size on disk of the counts files.", statistics.counts_file_bytes);
  add_counter(metrics, "weir_sync_failures_total",
              "Attempts to write counts to the store that failed.",
              statistics.sync_failures);
  metrics.begin_gauge("weir_stalled_call_seconds",
                      "How long the most delayed call of the control plane has "
                      "made no progress.");
  add_seconds(metrics, statistics.stalled_call_ns);
  if (statistics.synced_unix_ns == 0) return;  // no sync yet
  metrics.begin_gauge("weir_last_sync_timestamp_seconds",
                      "When counts were last written to the store, as Unix "
                      "time.");
  add_seconds(metrics, statistics.synced_unix_ns);
}

// Uses the names that all client libraries of Prometheus use.
void add_process(MetricsWriter& metrics) {
  const auto status = recent_process_status();
  if (!status.has_value()) return;
  metrics.begin_counter("process_cpu_seconds_total",
                        "Processor time used, of user and system, in seconds.");
  metrics.add(status->cpu_seconds);
  metrics.begin_gauge("process_start_time_seconds",
                      "When the process started, as Unix time.");
  metrics.add(status->start_unix_seconds);
  metrics.begin_gauge("process_resident_memory_bytes",
                      "Memory in use that is not swapped out.");
  metrics.add(status->resident_memory_bytes);
  metrics.begin_gauge("process_virtual_memory_bytes",
                      "Address space, most of it reserved for the arena.");
  metrics.add(status->virtual_memory_bytes);
  metrics.begin_gauge("process_open_fds", "Open file descriptors.");
  metrics.add(status->open_fds);
  metrics.begin_gauge("process_max_fds",
                      "Maximum number of open file descriptors.");
  metrics.add(status->max_fds);
}

}  // namespace

std::string metrics_text(const MetricsSources& sources) {
  MetricsWriter metrics;
  add_requests(metrics, *sources.requests);
  if (sources.authorizer != nullptr) {
    add_authorizer(metrics, *sources.authorizer);
  }
  if (sources.access_log != nullptr) {
    add_access_log(metrics, *sources.access_log);
  }
  add_management(metrics, *sources.management);
  add_statistics(metrics, sources.enforcer->statistics());
  if (sources.http.has_value()) {
    metrics.begin_gauge("weir_http_connections", "Open HTTP connections.");
    metrics.add(sources.http->connections);
    add_counter(metrics, "weir_http_displaced_total",
                "Connections that were closed to make room for new ones.",
                sources.http->connections_displaced);
    metrics.begin_counter("weir_http_refused_total",
                          "Requests and connections that were refused before "
                          "anything looked at what they ask for, by reason.");
    for (size_t i = 0; i < kHttpRefusals; ++i) {
      metrics.add({{"reason", http_refusal_name(static_cast<HttpRefusal>(i))}},
                  sources.http->refused[i]);
    }
  }
  metrics.begin_gauge("weir_build_info", "Always 1; says what is running.");
  metrics.add({{"version", sources.version}}, int64_t{1});
  add_process(metrics);
  return std::move(metrics).text();
}

}  // namespace weir
