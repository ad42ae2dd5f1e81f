#ifndef WEIR_HTTP_SERVER_COUNTERS_H_
#define WEIR_HTTP_SERVER_COUNTERS_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "weir/http/message.h"
#include "weir/http/refusal.h"
#include "weir/http/server_statistics.h"

namespace weir {

// A counter that one thread changes and any thread reads.
class Counter {
 public:
  void add(int64_t count = 1) {
    value_.store(value() + count, std::memory_order_relaxed);
  }
  int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

// The counters behind HttpServerStatistics. Only the loop's thread changes
// them, except `requests`.
struct ServerCounters {
  Counter connections, in_progress;
  Counter accepted, timed_out, displaced;
  Counter connections_refused, requests_refused;
  std::atomic<int64_t> requests{0};

  Counter& bytes_of(HttpRequestClass request_class) {
    return bytes[static_cast<size_t>(request_class)];
  }
  void count(HttpRefusal reason) { refused[static_cast<size_t>(reason)].add(); }

  HttpServerStatistics statistics() const {
    HttpServerStatistics result;
    result.connections = connections.value();
    result.requests_in_progress = in_progress.value();
    for (const Counter& count : bytes) result.body_bytes += count.value();
    result.connections_accepted = accepted.value();
    result.connections_timed_out = timed_out.value();
    result.connections_displaced = displaced.value();
    result.connections_refused = connections_refused.value();
    result.requests = requests;
    result.requests_refused = requests_refused.value();
    std::transform(refused.begin(), refused.end(), result.refused.begin(),
                   [](const Counter& count) { return count.value(); });
    return result;
  }

  std::array<Counter, 3> bytes;  // of bodies in memory, by HttpRequestClass
  std::array<Counter, kHttpRefusals> refused;
};

}  // namespace weir

#endif  // WEIR_HTTP_SERVER_COUNTERS_H_
