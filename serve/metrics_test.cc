#include "weir/serve/metrics.h"

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/enforcer/decision.h"
#include "weir/enforcer/enforcer.h"
#include "weir/gateway/request_counters.h"
#include "weir/gateway/request_observer.h"
#include "weir/http/refusal.h"
#include "weir/http/server_statistics.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/serve/access_log.h"
#include "weir/serve/management_counters.h"
#include "weir/serve/testing/metrics_parser.h"
#include "weir/store/sqlite_store.h"

namespace weir {
namespace {

class MetricsTest : public testing::Test {
 protected:
  std::string text() { return metrics_text(sources_); }

  std::unique_ptr<Enforcer> enforcer_ = *Enforcer::create();
  RequestCounters requests_;
  ManagementCounters management_;
  MetricsSources sources_{
      enforcer_.get(), &requests_, &management_, nullptr, nullptr, "1.2.3", {}};
};

TEST_F(MetricsTest, AreWellFormed) {
  const auto metrics = parse_metrics(text());
  ASSERT_TRUE(metrics.ok()) << metrics.status();
  for (const char* name :
       {"weir_requests_total", "weir_management_requests_total",
        "weir_usage_plans", "weir_api_keys", "weir_arena_used_bytes",
        "weir_arena_retired_bytes", "weir_threads", "weir_stalled_threads",
        "weir_leases", "weir_counts_file_bytes", "weir_sync_failures_total",
        "weir_history_gaps_total", "weir_build_info",
        "process_cpu_seconds_total", "process_start_time_seconds",
        "process_resident_memory_bytes", "process_virtual_memory_bytes",
        "process_open_fds", "process_max_fds"}) {
    ASSERT_EQ(metrics->count(name), 1u) << name;
    EXPECT_FALSE(metrics->at(name).samples.empty()) << name;
  }
  for (const auto& [name, metric] : *metrics) {
    EXPECT_TRUE(name.rfind("weir_", 0) == 0 || name.rfind("process_", 0) == 0)
        << name;
    EXPECT_EQ(metric.help.back(), '.') << name;
  }
}

TEST_F(MetricsTest, ShowWhatWasCounted) {
  v1::UsagePlan plan;
  plan.set_name("p");
  ASSERT_TRUE(enforcer_->create_usage_plan(plan).ok());
  v1::ApiKey key;
  key.set_value("secret-0123456789abcdef");
  key.set_name("secret name");
  ASSERT_TRUE(enforcer_->create_api_key(key).ok());
  requests_.count(Outcome::kQuotaExceeded);
  management_.count("UpdateUsagePlan", 429);
  sources_.http.emplace().connections = 5;

  const auto metrics = parse_metrics(text());
  ASSERT_TRUE(metrics.ok()) << metrics.status();
  const auto sample = [&](const char* name, const std::string& labels = "") {
    return metrics->at(name).samples.at(labels);
  };
  EXPECT_EQ(sample("weir_requests_total", "{outcome=\"quota_exceeded\"}"), 1);
  EXPECT_EQ(sample("weir_requests_total", "{outcome=\"admitted\"}"), 0);
  EXPECT_EQ(sample("weir_management_requests_total",
                   "{operation=\"UpdateUsagePlan\",status=\"4xx\"}"),
            1);
  EXPECT_EQ(sample("weir_usage_plans"), 1);
  EXPECT_EQ(sample("weir_api_keys"), 1);
  EXPECT_EQ(sample("weir_http_connections"), 5);
  EXPECT_EQ(sample("weir_build_info", "{version=\"1.2.3\"}"), 1);
  EXPECT_GT(sample("weir_arena_used_bytes"), 0);
  EXPECT_EQ(text().find("secret"), std::string::npos);
}

// By the names that docs/serve.md and dashboards have.
TEST_F(MetricsTest, OfTheServersHaveTheirReasons) {
  HttpServerStatistics& http = sources_.http.emplace();
  http.connections = 5;
  http.connections_displaced = 6;
  for (size_t i = 0; i < kHttpRefusals; ++i) {
    http.refused[i] = 10 + static_cast<int64_t>(i);
  }
  for (const Outcome outcome :
       {Outcome::kForbidden, Outcome::kThrottled, Outcome::kThrottled,
        Outcome::kAdmitted, Outcome::kAdmitted, Outcome::kAdmitted}) {
    requests_.count(outcome);
  }
  const auto metrics = parse_metrics(text());
  ASSERT_TRUE(metrics.ok()) << metrics.status();
  EXPECT_EQ(metrics->at("weir_http_connections").samples,
            (std::map<std::string, double>{{"", 5}}));
  EXPECT_EQ(metrics->at("weir_http_displaced_total").samples,
            (std::map<std::string, double>{{"", 6}}));
  EXPECT_EQ(metrics->at("weir_http_refused_total").samples,
            (std::map<std::string, double>{{"{reason=\"malformed\"}", 10},
                                           {"{reason=\"head_too_large\"}", 11},
                                           {"{reason=\"body_too_large\"}", 12},
                                           {"{reason=\"timeout\"}", 13},
                                           {"{reason=\"connections\"}", 14},
                                           {"{reason=\"requests\"}", 15},
                                           {"{reason=\"memory\"}", 16},
                                           {"{reason=\"handshake\"}", 17}}));
  EXPECT_EQ(metrics->at("weir_requests_total").samples,
            (std::map<std::string, double>{{"{outcome=\"admitted\"}", 3},
                                           {"{outcome=\"throttled\"}", 2},
                                           {"{outcome=\"quota_exceeded\"}", 0},
                                           {"{outcome=\"forbidden\"}", 1}}));
}

TEST_F(MetricsTest, OfTheEnforcerAreItsStatistics) {
  const Enforcer::Statistics statistics = enforcer_->statistics();
  const auto metrics = parse_metrics(text());
  ASSERT_TRUE(metrics.ok()) << metrics.status();
  for (const auto& [name, value] :
       {std::pair<const char*, size_t>{"weir_usage_plans",
                                       statistics.usage_plans},
        {"weir_api_keys", statistics.api_keys},
        {"weir_arena_used_bytes", statistics.arena_used_bytes},
        {"weir_arena_retired_bytes", statistics.arena_retired_bytes},
        {"weir_threads", statistics.threads},
        {"weir_stalled_threads", statistics.stalled_threads},
        {"weir_leases", statistics.leases},
        {"weir_history_gaps_total", statistics.days_not_recorded},
        {"weir_counts_file_bytes", statistics.counts_file_bytes},
        {"weir_sync_failures_total", statistics.sync_failures},
        {"weir_stalled_call_seconds", 0}}) {
    EXPECT_EQ(metrics->at(name).samples,
              (std::map<std::string, double>{{"", static_cast<double>(value)}}))
        << name;
  }
  for (const char* name :
       {"process_cpu_seconds_total", "process_start_time_seconds",
        "process_resident_memory_bytes", "process_virtual_memory_bytes",
        "process_open_fds", "process_max_fds"}) {
    EXPECT_GT(metrics->at(name).samples.at(""), 0) << name;
  }
  EXPECT_GT(metrics->at("process_virtual_memory_bytes").samples.at(""),
            metrics->at("process_resident_memory_bytes").samples.at(""));
  EXPECT_GT(metrics->at("process_max_fds").samples.at(""),
            metrics->at("process_open_fds").samples.at(""));
}

// A time of a sync that there never was would be an alarm.
TEST_F(MetricsTest, WhatIsNotKnown_IsLeftOut) {
  const auto metrics = parse_metrics(text());
  ASSERT_TRUE(metrics.ok());
  EXPECT_EQ(metrics->count("weir_last_sync_timestamp_seconds"), 0u);
  EXPECT_EQ(metrics->count("weir_http_connections"), 0u);
  EXPECT_EQ(metrics->count("weir_access_log_lines_total"), 0u);
}

TEST_F(MetricsTest, ASync_HasItsTime) {
  const std::string folder =
      absl::StrCat(testing::TempDir(), "/metrics_test.", getpid());
  Options options;
  options.clock = std::make_shared<ManualClock>(1'772'600'000'500'000'000);
  options.store = *SqliteStore::open(folder);
  const auto enforcer = *Enforcer::create(std::move(options));
  ASSERT_TRUE(enforcer->sync().ok());
  sources_.enforcer = enforcer.get();
  const auto metrics = parse_metrics(text());
  ASSERT_TRUE(metrics.ok()) << metrics.status();
  EXPECT_EQ(metrics->at("weir_last_sync_timestamp_seconds").samples.at(""),
            1772600000.5);
  std::filesystem::remove_all(folder);
}

TEST_F(MetricsTest, AccessLog_IsCounted) {
  AccessLogOptions options;
  options.path = "/dev/full";
  options.report = [](const std::string&) {};
  const auto log = AccessLog::open(options);
  ASSERT_TRUE(log.ok());
  (*log)->observe(AnsweredRequest());
  (*log)->close();
  sources_.access_log = log->get();
  const auto metrics = parse_metrics(text());
  ASSERT_TRUE(metrics.ok()) << metrics.status();
  EXPECT_EQ(metrics->at("weir_access_log_lines_total").samples.at(""), 0);
  EXPECT_EQ(metrics->at("weir_access_log_dropped_total").samples.at(""), 1);
  EXPECT_GT(metrics->at("weir_access_log_write_errors_total").samples.at(""),
            0);
}

}  // namespace
}  // namespace weir
