#include "weir/cli/text_chart.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "weir/cli/printable.h"

namespace weir::cli {
namespace {

TEST(TextChart, DrawsBarsInProportion) {
  const TextChart chart{{"good", "bad"},
                        {{"mon", {10, 0}}, {"tue", {5, 5}}, {"w", {0, 2}}}};
  EXPECT_EQ(render(chart, 27, true),
            "                  good  bad\n"
            "mon  ███████████    10    0\n"
            "tue  ██████▒▒▒▒▒     5    5\n"
            "w    ▒▒              0    2\n");
  EXPECT_EQ(render(chart, 27, false),
            "                  good  bad\n"
            "mon  ###########    10    0\n"
            "tue  ######+++++     5    5\n"
            "w    ++              0    2\n");
}

TEST(TextChart, RoundsToTheNearestColumn) {
  TextChart chart;
  chart.series = {"n"};
  for (const std::int64_t value : {25000, 3749, 3750, 3751, 6249, 6250}) {
    chart.rows.push_back({"x", {value}});
  }
  const std::string text = render(chart, /*width=*/20, /*utf8=*/false);
  std::vector<std::ptrdiff_t> marks;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    marks.push_back(std::count(line.begin(), line.end(), '#'));
  }
  EXPECT_EQ(marks, (std::vector<std::ptrdiff_t>{0, 10, 1, 2, 2, 2, 3, 0}))
      << text;
}

TEST(TextChart, ShowsTheSmallestPart) {
  const TextChart chart{{"a", "b", "c"}, {{"x", {1000000, 1, 1}}}};
  const std::string text = render(chart, 40, false);
  EXPECT_NE(text.find("#+-  1,000,000  1  1\n"), text.npos) << text;
}

TEST(TextChart, TakesEmptyRowsAndNoRows) {
  const TextChart none{{"a"}, {}};
  EXPECT_EQ(render(none, 20, false), "                   a\n");
  const TextChart zero{{"a"}, {{"x", {0}}}};
  EXPECT_EQ(render(zero, 20, false),
            "                   a\nx                  0\n");
}

TEST(TextChart, LinesAreAsWideAsTold) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    TextChart chart{{"admitted", "throttled", "over quota"}, {}};
    for (int i = 0; i < 10; ++i) {
      TextChart::Row row{std::string(random() % 16, 'x'), {}};
      for (int s = 0; s < 3; ++s) {
        row.values.push_back(
            static_cast<std::int64_t>(random() % (1 << random() % 30)));
      }
      chart.rows.push_back(row);
    }
    const std::vector<std::string> lines =
        absl::StrSplit(render(chart, 80, true), '\n');
    ASSERT_EQ(lines.size(), 12u);
    EXPECT_EQ(lines.back(), "");
    for (std::size_t i = 0; i < 11; ++i) EXPECT_EQ(columns(lines[i]), 80);
  }
}

}  // namespace
}  // namespace weir::cli
