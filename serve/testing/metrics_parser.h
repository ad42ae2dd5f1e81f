// A strict parser of the text format of Prometheus, for tests.

#ifndef WEIR_SERVE_TESTING_METRICS_PARSER_H_
#define WEIR_SERVE_TESTING_METRICS_PARSER_H_

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace weir {

struct ParsedMetric {
  std::string type;
  std::string help;
  // Keyed by the labels as written, with their braces; "" without labels.
  std::map<std::string, double> samples;
};

// The metrics by name. InvalidArgument, naming the line, unless every line is
// one of
//   # HELP name text
//   # TYPE name counter|gauge
//   name{label="value",...} number
// and each metric has one HELP, one TYPE and then all of its samples, in this
// order. No series occurs twice, nor does a label in one. Names of counters end
// in "_total" and names of gauges do not; counters have no negative values.
// Every line ends with a newline. A metric may have no samples.
absl::StatusOr<std::map<std::string, ParsedMetric>> parse_metrics(
    std::string_view text);

}  // namespace weir

#endif  // WEIR_SERVE_TESTING_METRICS_PARSER_H_
