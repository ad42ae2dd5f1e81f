// Pictures of what was used by day.

#ifndef WEIR_CLI_USAGE_CHART_H_
#define WEIR_CLI_USAGE_CHART_H_

#include <string>

#include "cli/usage_report.h"

namespace weir::cli {

// Bars of text, a line a day: what was used, what the quota's period had used
// before, and what was left of it. Lines have at most `width` columns, but at
// least as many as a date, the numbers and a bar of ten columns take.
std::string usage_text_chart(const UsageReport& report, int width, bool utf8);

// A picture in SVG that stands for itself: no script, no fonts or files from
// elsewhere, in light colours or dark ones as the reader prefers. A bar a day
// of what was used, with what the period had used before on top, and a line for
// the limit. Numbers show where the pointer is.
std::string usage_svg(const UsageReport& report);

}  // namespace weir::cli

#endif  // WEIR_CLI_USAGE_CHART_H_
