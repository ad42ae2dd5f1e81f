// Formatting of a replay's report.

#ifndef WEIR_CLI_REPLAY_REPLAY_REPORT_H_
#define WEIR_CLI_REPLAY_REPLAY_REPORT_H_

#include <cstddef>
#include <limits>
#include <string>

#include "weir/cli/replay/replay.h"

namespace weir::cli {

struct ReportStyle {
  bool utf8 = true;        // otherwise the text is ASCII
  bool show_keys = false;  // show secrets in full
  std::size_t top = std::numeric_limits<std::size_t>::max();  // keys to list
};

// The report for people: totals, a table of keys, and a chart over time, 80
// columns wide.
std::string report_to_text(const ReplayReport& report,
                           const ReportStyle& style);

// The report for programs: one JSON object and a newline.
std::string report_to_json(const ReplayReport& report,
                           const ReportStyle& style);

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_REPLAY_REPORT_H_
