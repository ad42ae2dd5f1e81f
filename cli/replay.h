// Replays access logs against a usage plan.

#ifndef WEIR_CLI_REPLAY_H_
#define WEIR_CLI_REPLAY_H_

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
#include "cli/replay/log/log_format.h"
#include "cli/replay/log/log_reader.h"
#include "cli/request_interner.h"
#include "cli/simulation.h"
#include "cli/tally.h"
#include "cli/timeline.h"
#include "enforcer/decision.h"
#include "proto/usage_plan.pb.h"

namespace weir::cli {

// The most requests that are kept to be sorted.
inline constexpr std::size_t kMaxSortedRequests = 100'000'000;

// The logs that one replay may have.
inline constexpr std::size_t kMaxLogs = 500;

struct Log {
  std::string path;     // for messages
  std::istream* bytes;  // compressed or not
};

// What is wrong with a log, and where.
struct ReplayError {
  std::size_t log = 0;    // the number of the log
  std::int64_t line = 0;  // 0: it is not about one line
  std::string message;
  // The log cannot be read, or lacks a field that `options` names: nothing is
  // wrong with what it says.
  bool is_input_error = false;
};

struct ReplayOptions {
  const LogFormat* format = nullptr;  // null: found for each log by itself
  FieldChoice fields;
  // "apiId:stage" of lines that do not say. "": the plan's first.
  std::string stage;
  // Each log is in the order of time: requests need not be kept to be sorted.
  bool sorted = false;
  Simulation::Rules rules;
  // Called now and then with what was done so far. May be empty.
  std::function<void(std::string_view phase, std::int64_t lines)> progress;
};

struct Refusal {
  std::int64_t unix_ns;
  Limit limit;
  Forbidden forbidden;  // of requests that no limit refused
  LogPlace place;
};

struct KeyReport {
  std::string key;  // as in the log
  bool is_secret = false;
  bool is_none = false;  // of the requests without an API key
  Tally tally;
  std::optional<Refusal> first_refusal;
};

struct MalformedLine {
  LogPlace place;
  std::string reason;
};

struct LogReport {
  std::string path;
  const LogFormat* format = nullptr;  // null: there were no requests
  std::int64_t lines = 0;
  std::int64_t requests = 0;
  std::int64_t malformed = 0;
  // What ended the log before its end; what was read counts. "": nothing.
  std::string error;
};

struct ReplayReport {
  static constexpr std::size_t kMaxMalformedListed = 100;

  Tally total;  // of the requests replayed: the well-formed lines
  std::int64_t lines = 0;
  std::int64_t malformed = 0;
  std::vector<MalformedLine> malformed_lines;  // the first of them
  std::vector<LogReport> logs;                 // in the order given

  // In Unix nanoseconds; of no meaning if there were no requests.
  std::int64_t first_ns = 0;
  std::int64_t last_ns = 0;

  std::vector<KeyReport> keys;  // those with most requests first, then by key
  Timeline timeline;
};

// Reads all logs and decides their requests in the order of their times; those
// of one time, in the order of the logs and of their lines. Malformed lines are
// counted, and end the replay only if a log has nothing else.
//
// Memory: about 1.2 KB for each key of the logs, most of it the enforcer's;
// and, unless `options.sorted`, 32 bytes for each request.
//
// Returns what stopped it, if anything did: a log of which no line can be read,
// or that lacks a field that `options` names; a line out of order in a log that
// was said to be sorted; logs that span more than Simulation::kMaxYears, have
// too many keys or, if they have to be sorted, more than kMaxSortedRequests; a
// stream's failure.
// REQUIRES: `plan` is valid; there are at most kMaxLogs logs.
std::optional<ReplayError> replay(absl::Span<const Log> logs,
                                  const v1::UsagePlan& plan,
                                  const ReplayOptions& options,
                                  ReplayReport* report);

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_H_
