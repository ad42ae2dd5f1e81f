#include "weir/cli/text_chart.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "weir/cli/printable.h"

namespace weir::cli {
namespace {

constexpr int kMinBarColumns = 10;
constexpr std::string_view kGap = "  ";

std::string padding(int count) {
  return std::string(static_cast<std::size_t>(std::max(count, 0)), ' ');
}

// The number of columns of each part of a bar. A value of `scale` would take
// `width` columns.
std::vector<int> part_columns(const std::vector<std::int64_t>& values,
                              std::int64_t scale, int width) {
  std::vector<int> parts;
  // Rounds the running sums, so that bars with equal sums have equal lengths.
  std::int64_t sum = 0;
  int end = 0;
  for (const std::int64_t value : values) {
    sum += value;
    const double exact =
        static_cast<double>(sum) * width / static_cast<double>(scale);
    const int next_end = static_cast<int>(exact + 0.5);
    parts.push_back(next_end - end);
    end = next_end;
  }
  // A part that was rounded to nothing gets a column: one from the largest
  // part, if that has one to spare.
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (values[i] == 0 || parts[i] > 0) continue;
    const auto largest = std::max_element(parts.begin(), parts.end());
    if (*largest > 1) --*largest;
    parts[i] = 1;
  }
  return parts;
}

}  // namespace

std::string_view chart_mark(int index, bool utf8) {
  static constexpr std::string_view kUtf8[] = {"█", "▒", "░", "·"};
  static constexpr std::string_view kAscii[] = {"#", "+", "-", "."};
  return (utf8 ? kUtf8 : kAscii)[index];
}

std::string render(const TextChart& chart, int width, bool utf8) {
  int label_columns = 0;
  std::int64_t scale = 1;
  std::vector<int> number_columns;
  for (const std::string& name : chart.series) {
    number_columns.push_back(columns(name));
  }
  for (const TextChart::Row& row : chart.rows) {
    label_columns = std::max(label_columns, columns(row.label));
    scale = std::max(scale, std::accumulate(row.values.begin(),
                                            row.values.end(), std::int64_t{0}));
    for (std::size_t i = 0; i < row.values.size(); ++i) {
      number_columns[i] =
          std::max(number_columns[i], columns(with_commas(row.values[i])));
    }
  }
  int bar_columns = width - label_columns - columns(kGap);
  for (const int number : number_columns) bar_columns -= columns(kGap) + number;
  bar_columns = std::max(bar_columns, kMinBarColumns);

  std::string text = padding(label_columns + columns(kGap) + bar_columns);
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    text += kGap;
    text += padding(number_columns[i] - columns(chart.series[i]));
    text += chart.series[i];
  }
  text += '\n';
  for (const TextChart::Row& row : chart.rows) {
    text += row.label;
    text += padding(label_columns - columns(row.label));
    text += kGap;
    int left = bar_columns;
    const std::vector<int> parts = part_columns(row.values, scale, bar_columns);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      for (int n = 0; n < parts[i]; ++n) {
        text += chart_mark(static_cast<int>(i), utf8);
      }
      left -= parts[i];
    }
    text += padding(left);
    for (std::size_t i = 0; i < row.values.size(); ++i) {
      const std::string number = with_commas(row.values[i]);
      text += kGap;
      text += padding(number_columns[i] - columns(number));
      text += number;
    }
    text += '\n';
  }
  return text;
}

}  // namespace weir::cli
