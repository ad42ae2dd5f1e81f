// Bar charts as text.

#ifndef WEIR_CLI_TEXT_CHART_H_
#define WEIR_CLI_TEXT_CHART_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::cli {

// A stacked bar chart: a row for each label, with a bar that has a part for
// each series, and the numbers next to it.
struct TextChart {
  struct Row {
    std::string label;
    std::vector<std::int64_t> values;  // one for each series, none negative
  };
  std::vector<std::string> series;  // names: at most four series
  std::vector<Row> rows;
};

// The mark for the series `index` in a bar: one column wide.
std::string_view chart_mark(int index, bool utf8);

// The chart in lines of at most `width` columns (if labels and numbers leave
// ten for the bars). The longest bar takes all the space and the others are in
// proportion; every part that is not zero is visible.
std::string render(const TextChart& chart, int width, bool utf8);

}  // namespace weir::cli

#endif  // WEIR_CLI_TEXT_CHART_H_
