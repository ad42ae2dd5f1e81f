// What became of the requests, for people and monitoring.

#ifndef WEIR_EXAMPLES_GATEWAY_REQUEST_COUNTERS_H_
#define WEIR_EXAMPLES_GATEWAY_REQUEST_COUNTERS_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <string_view>

#include "absl/types/span.h"
#include "enforcer/decision.h"
#include "proto/api_key.pb.h"

namespace weir {

// Counts requests by the name of their key, never by its value; those with any
// other key count together. *thread-safe*
class KeyCounters {
 public:
  explicit KeyCounters(absl::Span<const v1::ApiKey> keys);

  // Does not lock or allocate.
  void count(std::string_view api_key, Outcome outcome) noexcept;

  // In the text format of Prometheus, a line for each name and outcome:
  //   gateway_requests_total{key="gold",outcome="admitted"} 123
  std::string to_prometheus() const;

 private:
  static constexpr const char* kOutcomes[] = {"admitted", "throttled",
                                              "quota_exceeded", "forbidden"};

  struct Row {
    std::string name;
    std::array<std::atomic<int64_t>, std::size(kOutcomes)> by_outcome{};
  };

  std::map<std::string, Row, std::less<>> by_key_;
  Row other_{"(unknown)"};
};

}  // namespace weir

#endif  // WEIR_EXAMPLES_GATEWAY_REQUEST_COUNTERS_H_
