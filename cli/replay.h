// Replays an access log against a usage plan.

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
#include "cli/access_log.h"
#include "cli/simulation.h"
#include "cli/tally.h"
#include "cli/timeline.h"
#include "enforcer/decision.h"
#include "proto/usage_plan.pb.h"

namespace weir::cli {

// The most requests that are kept to be sorted.
inline constexpr std::size_t kMaxSortedRequests = 100'000'000;

// What is wrong with the log, and where.
struct ReplayError {
  std::int64_t line = 0;  // 0: it is not about one line
  std::string message;
};

struct ReplayOptions {
  KeyField key_field = KeyField::kDefault;
  // "apiId:stage" of lines that do not say. "": the plan's first.
  std::string stage;
  // The log is in the order of time: it need not be kept to be sorted.
  bool sorted = false;
  Simulation::Rules rules;
  // Called now and then with what was done so far. May be empty.
  std::function<void(std::string_view phase, std::int64_t lines)> progress;
};

struct Refusal {
  std::int64_t unix_ns;
  Limit limit;
  std::int64_t line;
};

struct KeyReport {
  std::string key;  // as in the log
  bool is_secret = false;
  Tally tally;
  std::optional<Refusal> first_refusal;
};

struct MalformedLine {
  std::int64_t line;
  std::string reason;
};

struct ReplayReport {
  static constexpr std::size_t kMaxMalformedListed = 100;

  Tally total;  // of the requests replayed: the well-formed lines
  std::int64_t lines = 0;
  std::int64_t malformed = 0;
  std::vector<MalformedLine> malformed_lines;  // the first of them

  // In Unix nanoseconds; of no meaning if there were no requests.
  std::int64_t first_ns = 0;
  std::int64_t last_ns = 0;

  std::vector<KeyReport> keys;  // those with most requests first, then by key
  Timeline timeline;
};

// Reads the whole log and decides its requests in the order of their times;
// those of one time, in the order of their lines. Malformed lines are counted,
// never fatal.
//
// Memory: about 1.2 KB for each key of the log, most of it the enforcer's; and,
// unless `options.sorted`, 32 bytes for each request.
//
// Returns what stopped it, if anything did: a line out of order in a log that
// was said to be sorted, a log that spans more than Simulation::kMaxYears, has
// too many keys or, if it has to be sorted, more than kMaxSortedRequests; the
// stream's failure.
// REQUIRES: `plan` is valid.
std::optional<ReplayError> replay(std::istream& log, const v1::UsagePlan& plan,
                                  const ReplayOptions& options,
                                  ReplayReport* report);

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_H_
