// Charts of daily usage.

#ifndef WEIR_CLI_USAGE_USAGE_CHART_H_
#define WEIR_CLI_USAGE_USAGE_CHART_H_

#include <string>

#include "weir/cli/usage/usage_report.h"

namespace weir::cli {

// A bar chart as text, a line per day: what was used, what the quota's period
// had used before, and what was left of it. Lines have at most `width` columns,
// but at least those that a date, the numbers and a bar of ten columns need.
std::string usage_text_chart(const UsageReport& report, int width, bool utf8);

// A self-contained SVG chart: no script, no external fonts or files, in light
// or dark colors as the viewer prefers. Each day has a bar of what was used,
// with what the period had used before on top. A line shows the limit. Numbers
// appear at the pointer.
std::string usage_svg(const UsageReport& report);

}  // namespace weir::cli

#endif  // WEIR_CLI_USAGE_USAGE_CHART_H_
