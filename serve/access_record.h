#ifndef WEIR_SERVE_ACCESS_RECORD_H_
#define WEIR_SERVE_ACCESS_RECORD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "weir/enforcer/client_handle.h"
#include "weir/enforcer/decision.h"
#include "weir/gateway/request_observer.h"

namespace weir {

// What an access log keeps of a request: everything except the key's id, which
// takes a lock to look up. *thread-compatible*
struct AccessRecord {
  // Longer text is truncated: no API has such a method, and only the beginning
  // of a target outside of every stage is useful.
  static constexpr size_t kMaxMethod = 32;
  static constexpr size_t kMaxStrayTarget = 1024;

  AccessRecord() = default;
  explicit AccessRecord(const AnsweredRequest& request);

  // The approximate memory that the record uses.
  int64_t bytes() const;

  // "shop/prod", as sent; "" if the target is in no stage.
  std::string stage;
  std::string path;  // as sent, without the query
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

// The record as a line of the log, with its newline; docs/serve.md describes
// the members. `key_id` is the id of the client's key, if it has one.
std::string access_log_line(const AccessRecord& record,
                            const std::optional<std::string>& key_id);

}  // namespace weir

#endif  // WEIR_SERVE_ACCESS_RECORD_H_
