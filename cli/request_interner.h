// Turns log entries into small requests.

#ifndef WEIR_CLI_REQUEST_INTERNER_H_
#define WEIR_CLI_REQUEST_INTERNER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/access_log.h"
#include "plan/method_matcher.h"
#include "proto/usage_plan.pb.h"

namespace weir::cli {

// One request of a log, without its text: millions are kept to be sorted.
struct Request {
  std::int64_t unix_ns;
  std::int64_t line;
  std::uint32_t key;     // an index of RequestInterner::keys()
  std::uint32_t method;  // an index of RequestInterner::methods()
  std::uint32_t cost;
};

struct LogKey {
  std::string text;
  bool is_secret = false;
};

// A method of the plan's stages as `Enforcer::route()` takes it.
struct Method {
  std::string api_id;  // "": a stage that the plan does not cover
  std::string stage;
  std::string method_key;  // "": methods without a throttle of their own
};

// Numbers the keys of a log and the methods of a plan. Memory grows with the
// number of different keys, not of requests. *thread-compatible*
class RequestInterner {
 public:
  static constexpr std::size_t kMaxKeys = 10'000'000;
  static constexpr std::uint32_t kUncoveredMethod = 0;

  // Lines that do not name a stage are for `default_stage`, "apiId:stage".
  // REQUIRES: `plan` is valid.
  RequestInterner(const v1::UsagePlan& plan, std::string_view default_stage);

  // ResourceExhausted beyond kMaxKeys.
  absl::StatusOr<Request> intern(const LogEntry& entry, std::int64_t line);

  const std::deque<LogKey>& keys() const { return keys_; }
  const std::vector<Method>& methods() const { return methods_; }

 private:
  struct Stage {
    MethodMatcher matcher;
    std::map<std::string, std::uint32_t, std::less<>> methods;  // by method key
  };

  std::uint32_t method_of(const LogEntry& entry) const;

  const std::string default_stage_;
  std::vector<Method> methods_;
  absl::flat_hash_map<std::string, Stage> stages_;  // by "apiId:stage"
  std::deque<LogKey> keys_;  // its elements stay where they are
  absl::flat_hash_map<absl::string_view, std::uint32_t> key_numbers_;
};

}  // namespace weir::cli

#endif  // WEIR_CLI_REQUEST_INTERNER_H_
