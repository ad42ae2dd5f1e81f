#ifndef WEIR_SERVE_ACCESS_RECORD_H_
#define WEIR_SERVE_ACCESS_RECORD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "enforcer/client_handle.h"
#include "enforcer/decision.h"
#include "gateway/request_observer.h"

namespace weir {

// What an access log keeps of a request: all but who called, by id, which takes
// a lock to find out. *thread-compatible*
struct AccessRecord {
  // What is longer is cut off: no API has such a method, and a target that is
  // of no stage is of no use beyond its beginning.
  static constexpr size_t kLongestMethod = 32;
  static constexpr size_t kLongestStrayTarget = 1024;

  AccessRecord() = default;
  explicit AccessRecord(const AnsweredRequest& request);

  // How much memory it takes, about.
  int64_t bytes() const;

  // "shop/prod", as it was sent; "" if the target was of no stage.
  std::string stage;
  std::string path;  // as it was sent, without the query
  std::string method;
  std::string method_key;
  ClientHandle client;
  Outcome outcome = Outcome::kForbidden;
  Limit limit = Limit::kNone;
  uint32_t cost = 1;
  int status = 0;
  int64_t retry_after_ns = Decision::kNever;
  int64_t arrived_unix_ns = 0;
  int64_t latency_ns = 0;
};

// The record as a line of the log, with its end; docs/serve.md says what is in
// it. `key_id` is that of its client, if there is one.
std::string access_log_line(const AccessRecord& record,
                            const std::optional<std::string>& key_id);

}  // namespace weir

#endif  // WEIR_SERVE_ACCESS_RECORD_H_
