// Conversion of log entries to compact requests.

#ifndef WEIR_CLI_REPLAY_REQUEST_INTERNER_H_
#define WEIR_CLI_REPLAY_REQUEST_INTERNER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/cli/replay/log/log_entry.h"
#include "weir/plan/method_matcher.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir::cli {

// A line of one of the logs.
struct LogPlace {
  std::uint16_t log = 0;  // its number, from 0
  std::int64_t line = 0;  // from 1
};

// One request of a log, without its text: millions are kept for sorting.
struct Request {
  std::int64_t unix_ns;
  std::int64_t line;
  std::uint16_t log;
  bool has_key;          // false if no API key was identified
  std::uint32_t key;     // an index of RequestInterner::keys()
  std::uint32_t method;  // an index of RequestInterner::methods()
  std::uint32_t cost;

  LogPlace place() const { return {log, line}; }
};
static_assert(sizeof(Request) == 32, "what docs/cli.md promises");

struct LogKey {
  std::string text;
  bool is_secret = false;
  bool is_none = false;  // stands for requests without an API key
};

// Why a gateway forbids a request.
enum class Forbidden : std::uint8_t {
  kNo,
  kStage,   // the plan does not cover the stage
  kTarget,  // parse_unambiguous_path() refuses it
  kMethod,  // no API has such a method
  kKey,     // no API key was identified
};

// A method of the plan's stages, as arguments of `Enforcer::intern_route()`.
struct Method {
  std::string api_id;  // "" if forbidden, for the reason `forbidden`
  std::string stage;
  std::string method_key;  // "": methods without a throttle of their own
  Forbidden forbidden = Forbidden::kNo;
};

// Assigns numbers to the keys of logs and the methods of a plan. Finds methods
// as a gateway does (gateway/live_routes.h). Memory grows with the number of
// different keys, not of requests. *thread-compatible*
class RequestInterner {
 public:
  static constexpr std::size_t kMaxKeys = 10'000'000;

  // Lines without a stage are for `default_stage`, "apiId:stage".
  // REQUIRES: `plan` is valid.
  RequestInterner(const v1::UsagePlan& plan, std::string_view default_stage);

  // ResourceExhausted beyond kMaxKeys.
  absl::StatusOr<Request> intern(const LogEntry& entry, LogPlace place);

  const std::deque<LogKey>& keys() const { return keys_; }
  const std::vector<Method>& methods() const { return methods_; }

 private:
  struct Stage {
    MethodMatcher matcher;
    std::map<std::string, std::uint32_t, std::less<>> methods;  // by method key
  };

  absl::StatusOr<std::uint32_t> key_of(const LogEntry& entry);
  std::uint32_t method_of(const LogEntry& entry) const;
  static std::uint32_t forbidden_method(Forbidden reason);

  const std::string default_stage_;
  std::vector<Method> methods_;
  std::deque<Stage> stages_;
  // By "apiId:stage", and by each of the two names that only one stage has.
  absl::flat_hash_map<std::string, const Stage*> stages_by_name_;
  std::deque<LogKey> keys_;  // a deque: its elements do not move
  absl::flat_hash_map<absl::string_view, std::uint32_t> key_numbers_;
  std::optional<std::uint32_t> no_key_;  // the key for requests without one
};

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_REQUEST_INTERNER_H_
