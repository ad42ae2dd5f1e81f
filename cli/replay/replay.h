// Replay of access logs against a usage plan.

#ifndef WEIR_CLI_REPLAY_REPLAY_H_
#define WEIR_CLI_REPLAY_REPLAY_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "weir/cli/replay/log/log_format.h"
#include "weir/cli/replay/log/log_reader.h"
#include "weir/cli/replay/request_interner.h"
#include "weir/cli/replay/simulation.h"
#include "weir/cli/replay/tally.h"
#include "weir/cli/replay/timeline.h"
#include "weir/enforcer/decision.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir::cli {

// The maximum number of requests that are kept for sorting.
inline constexpr std::size_t kMaxSortedRequests = 100'000'000;

// The maximum number of logs in one replay.
inline constexpr std::size_t kMaxLogs = 500;

struct Log {
  std::string path;     // for messages
  std::istream* bytes;  // compressed or not
};

// An error in a log, and its location.
struct ReplayError {
  std::size_t log = 0;    // the number of the log
  std::int64_t line = 0;  // 0 if the error is not about one line
  std::string message;
  // The log cannot be read, or lacks a field that `options` names; its content
  // is not at fault.
  bool is_input_error = false;
};

struct ReplayOptions {
  const LogFormat* format = nullptr;  // null: detected for each log
  FieldChoice fields;
  // "apiId:stage" for lines without a stage. "": the plan's first.
  std::string stage;
  // Each log is ordered by time: requests need not be kept for sorting.
  bool sorted = false;
  Simulation::Rules rules;
  // Called now and then with the progress so far. May be empty.
  std::function<void(std::string_view phase, std::int64_t lines)> progress;
};

struct Refusal {
  std::int64_t unix_ns;
  Limit limit;
  Forbidden forbidden;  // if no limit refused the request
  LogPlace place;
};

struct KeyReport {
  std::string key;  // as in the log
  bool is_secret = false;
  bool is_none = false;  // stands for the requests without an API key
  Tally tally;
  std::optional<Refusal> first_refusal;
};

struct MalformedLine {
  LogPlace place;
  std::string reason;
};

struct LogReport {
  std::string path;
  const LogFormat* format = nullptr;  // null if there were no requests
  std::int64_t lines = 0;
  std::int64_t requests = 0;
  std::int64_t malformed = 0;
  // Why reading stopped before the end of the log; the part that was read
  // counts. "" if it did not.
  std::string error;
};

struct ReplayReport {
  static constexpr std::size_t kMaxMalformedListed = 100;

  Tally total;  // of the replayed requests: the well-formed lines
  std::int64_t lines = 0;
  std::int64_t malformed = 0;
  std::vector<MalformedLine> malformed_lines;  // the first of them
  std::vector<LogReport> logs;                 // in the order given

  // In Unix nanoseconds; meaningless if there were no requests.
  std::int64_t first_ns = 0;
  std::int64_t last_ns = 0;

  std::vector<KeyReport> keys;  // by descending number of requests, then by key
  Timeline timeline;
};

// Reads all logs and decides their requests in order of time; requests of the
// same time, in the order of the logs and of their lines. Malformed lines are
// counted, and end the replay only if a log has nothing else.
//
// Memory: about 1.2 KB for each key of the logs, most of it the enforcer's;
// and, unless `options.sorted`, 32 bytes for each request.
//
// Returns the error that stopped it, if any: a log without a readable line, or
// without a field that `options` names; a line out of order in a log that is
// declared sorted; logs that span more than Simulation::kMaxYears, have too
// many keys or, if they must be sorted, more than kMaxSortedRequests requests;
// a failure of a stream.
// REQUIRES: `plan` is valid; there are at most kMaxLogs logs.
std::optional<ReplayError> replay(absl::Span<const Log> logs,
                                  const v1::UsagePlan& plan,
                                  const ReplayOptions& options,
                                  ReplayReport* report);

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_REPLAY_H_
