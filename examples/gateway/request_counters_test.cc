#include "examples/gateway/request_counters.h"

#include <thread>
#include <vector>

#include "enforcer/decision.h"
#include "gtest/gtest.h"
#include "proto/api_key.pb.h"

namespace weir {
namespace {

std::vector<v1::ApiKey> one_key() {
  v1::ApiKey key;
  key.set_name("gold");
  key.set_value("0123456789abcdefghij");
  return {key};
}

TEST(KeyCounters, CountByNameAndOutcome) {
  KeyCounters counters(one_key());
  counters.count("0123456789abcdefghij", Outcome::kAdmitted);
  counters.count("0123456789abcdefghij", Outcome::kAdmitted);
  counters.count("0123456789abcdefghij", Outcome::kThrottled);
  counters.count("0123456789abcdefghij", Outcome::kQuotaExceeded);
  counters.count("somebody-else's-key", Outcome::kForbidden);
  const std::string text = counters.to_prometheus();
  const size_t first = text.find("gateway_requests_total{");
  EXPECT_EQ(
      text.substr(first),
      "gateway_requests_total{key=\"gold\",outcome=\"admitted\"} 2\n"
      "gateway_requests_total{key=\"gold\",outcome=\"throttled\"} 1\n"
      "gateway_requests_total{key=\"gold\",outcome=\"quota_exceeded\"} 1\n"
      "gateway_requests_total{key=\"gold\",outcome=\"forbidden\"} 0\n"
      "gateway_requests_total{key=\"(unknown)\",outcome=\"admitted\"} 0\n"
      "gateway_requests_total{key=\"(unknown)\",outcome=\"throttled\"} 0\n"
      "gateway_requests_total{key=\"(unknown)\","
      "outcome=\"quota_exceeded\"} 0\n"
      "gateway_requests_total{key=\"(unknown)\",outcome=\"forbidden\"} "
      "1\n");
  EXPECT_NE(text.find("# TYPE gateway_requests_total counter\n"), text.npos);
  EXPECT_EQ(text.find("0123456789"), text.npos);
}

TEST(KeyCounters, LoseNoneOfManyThreads) {
  KeyCounters counters(one_key());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) counters.count("?", Outcome::kForbidden);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_NE(counters.to_prometheus().find(
                "key=\"(unknown)\",outcome=\"forbidden\"} 4000\n"),
            std::string::npos);
}

}  // namespace
}  // namespace weir
