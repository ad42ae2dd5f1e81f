// The keys that a service refuses most often, as a table for a terminal.

#ifndef WEIR_CLI_TOP_TOP_REPORT_H_
#define WEIR_CLI_TOP_TOP_REPORT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace weir::cli {

// The answer to `GET /-/refused-keys`; docs/serve.md describes it.
struct TopReport {
  struct Counts {
    std::int64_t throttled = 0;
    std::int64_t quota_exceeded = 0;
    std::int64_t forbidden = 0;
  };
  struct Key {
    std::string id, name;  // "" if no longer known, or without a name
    std::string plan_id, plan_name;
    std::int64_t refused = 0;
    Counts counts;
    std::int64_t uncertain = 0;
    std::string limit;
    std::string api_id, stage;
    absl::Time last;
  };

  absl::Time since, until;
  Counts total;
  std::int64_t unknown_key = 0;
  std::int64_t uncounted = 0;
  std::vector<Key> keys;
};

// Unknown members are ignored. InvalidArgument if it is not such an answer.
absl::StatusOr<TopReport> parse_top_report(std::string_view json);

// A sentence, and a table whose lines have at most `width` columns, or the 76
// that it needs. Nothing in it can control a terminal, whatever the names of
// keys and plans.
std::string top_report_to_text(const TopReport& report, int width, bool utf8);

}  // namespace weir::cli

#endif  // WEIR_CLI_TOP_TOP_REPORT_H_
