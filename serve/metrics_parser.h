// Reads the text format of Prometheus, as strictly as it is defined: for tests.

#ifndef WEIR_SERVE_METRICS_PARSER_H_
#define WEIR_SERVE_METRICS_PARSER_H_

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace weir {

struct ParsedMetric {
  std::string type;
  std::string help;
  // By the labels as they are written, with their braces, or "".
  std::map<std::string, double> samples;
};

// The metrics by name. InvalidArgument, naming the line, unless every line is
// one of
//   # HELP name text
//   # TYPE name counter|gauge
//   name{label="value",...} number
// in this order for each metric, which has one HELP, one TYPE and then all of
// its samples; no series is there twice, nor a label in one; counters end in
// "_total", have no negative values, and gauges do not; every line has an end,
// and nothing else is there. A metric may have no samples.
absl::StatusOr<std::map<std::string, ParsedMetric>> parse_metrics(
    std::string_view text);

}  // namespace weir

#endif  // WEIR_SERVE_METRICS_PARSER_H_
