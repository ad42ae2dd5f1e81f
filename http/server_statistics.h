#ifndef WEIR_HTTP_SERVER_STATISTICS_H_
#define WEIR_HTTP_SERVER_STATISTICS_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>

#include "weir/http/refusal.h"

namespace weir {

struct HttpServerStatistics {
  // Current values.
  int64_t connections = 0;
  int64_t requests_in_progress = 0;  // queued for workers or being handled
  int64_t body_bytes = 0;
  // Totals since the start.
  int64_t connections_accepted = 0;
  int64_t connections_timed_out = 0;
  int64_t connections_displaced = 0;  // Closed to make room for new ones.
  int64_t connections_refused = 0;    // No other could be displaced.
  int64_t requests = 0;               // Calls of the handler.
  int64_t requests_refused = 0;       // Malformed, too large, or too many.
  std::array<int64_t, kHttpRefusals> refused = {};  // by HttpRefusal

  // Adds the statistics of another server.
  HttpServerStatistics& operator+=(const HttpServerStatistics& other) {
    connections += other.connections;
    requests_in_progress += other.requests_in_progress;
    body_bytes += other.body_bytes;
    connections_accepted += other.connections_accepted;
    connections_timed_out += other.connections_timed_out;
    connections_displaced += other.connections_displaced;
    connections_refused += other.connections_refused;
    requests += other.requests;
    requests_refused += other.requests_refused;
    std::transform(refused.begin(), refused.end(), other.refused.begin(),
                   refused.begin(), std::plus<>());
    return *this;
  }
};

}  // namespace weir

#endif  // WEIR_HTTP_SERVER_STATISTICS_H_
