#include "weir/cli/usage/usage_chart.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <regex>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/civil_time.h"
#include "gtest/gtest.h"
#include "weir/cli/printable.h"
#include "weir/cli/usage/usage_report.h"

namespace weir::cli {
namespace {

constexpr absl::CivilDay kMonday(2026, 3, 2);

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

unsigned first_seed() {
  const char* const seed = std::getenv("WEIR_TEST_SEED");
  return seed == nullptr ? 1 : static_cast<unsigned>(std::atoi(seed));
}

std::int64_t any_count(std::mt19937_64& random) {
  return static_cast<std::int64_t>(random() % (1ull << random() % 48));
}

// A key of which any day may have any numbers.
UsageReport any_report(std::mt19937_64& random) {
  UsageReport report{"plan", random() % 4 == 0 ? "" : "key", 3, {}};
  const bool quota = !report.key_id.empty() && random() % 4 != 0;
  const auto days = static_cast<int>(1 + random() % 90);
  for (int i = 0; i < days; ++i) {
    UsageDay day{kMonday + i, any_count(random), 0, std::nullopt};
    if (quota && random() % 8 != 0) {
      day.used_before = any_count(random);
      day.remaining = any_count(random);
    }
    report.days.push_back(day);
  }
  return report;
}

TEST(UsageTextChart, ShowsWhatIsLeft) {
  const UsageReport report{"p1",
                           "k1",
                           1,
                           {{kMonday, 20, 0, 40},
                            {kMonday + 1, 0, 20, 40},
                            {kMonday + 2, 40, 20, 0},
                            {kMonday + 3, 1, 0, 59}}};
  EXPECT_EQ(usage_text_chart(report, 62, true),
            "Key k1, plan p1\n"
            "2026-03-02 to 2026-03-05, UTC: 61 used\n"
            "\n"
            "█ used that day  ▒ before in the period  ░ left of the limit\n"
            "\n"
            "                                            used  before  left\n"
            "2026-03-02  ██████████░░░░░░░░░░░░░░░░░░░░    20       0    40\n"
            "2026-03-03  ▒▒▒▒▒▒▒▒▒▒░░░░░░░░░░░░░░░░░░░░     0      20    40\n"
            "2026-03-04  ████████████████████▒▒▒▒▒▒▒▒▒▒    40      20     0\n"
            "2026-03-05  █░░░░░░░░░░░░░░░░░░░░░░░░░░░░░     1       0    59\n");
}

TEST(UsageTextChart, NamesCannotSteerATerminal) {
  const UsageReport report{
      "p\x1b[2J\xC3\xA4", "k\x1b\xC3\xA4", 1, {{kMonday, 1, 0, {}}}};
  for (const bool utf8 : {false, true}) {
    const std::string text = usage_text_chart(report, 60, utf8);
    EXPECT_EQ(text.substr(0, text.find('\n')),
              "Key k\\x1B\\xC3\\xA4, plan p\\x1B[2J\\xC3\\xA4");
  }
}

TEST(UsageTextChart, ShowsAllKeysWithoutALimit) {
  const UsageReport report{
      "p1", "", 2, {{kMonday, 1000, 0, {}}, {kMonday + 1, 500, 0, {}}}};
  EXPECT_EQ(usage_text_chart(report, 39, false),
            "All 2 keys, plan p1\n"
            "2026-03-02 to 2026-03-03, UTC: 1,500 used\n"
            "\n"
            "                                   used\n"
            "2026-03-02  ####################  1,000\n"
            "2026-03-03  ##########              500\n");
}

TEST(UsageTextChart, LinesAreAsWideAsTold) {
  for (unsigned seed = first_seed(); seed < first_seed() + 60; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const UsageReport report = any_report(random);
    const std::vector<std::string> lines =
        absl::StrSplit(usage_text_chart(report, 100, true), '\n');
    int rows = 0;
    for (const std::string& line : lines) {
      EXPECT_LE(columns(line), 100);
      rows += columns(line) == 100;
    }
    // The chart's own head is one of them.
    EXPECT_EQ(rows, static_cast<int>(report.days.size()) + 1);
  }
}

struct Bar {
  std::string name;
  double x, y, width, height;
};

std::vector<Bar> bars_of(const std::string& svg) {
  static const std::regex kBar(
      "<rect class=\"(used|before)\" x=\"([0-9.]+)\" y=\"([0-9.]+)\" "
      "width=\"([0-9.]+)\" height=\"([0-9.]+)\"/>");
  std::vector<Bar> bars;
  for (auto it = std::sregex_iterator(svg.begin(), svg.end(), kBar);
       it != std::sregex_iterator(); ++it) {
    const auto number = [&](int i) { return std::stod((*it)[i]); };
    // But for those of the legend.
    if (number(3) < 100) continue;
    bars.push_back({(*it)[1], number(2), number(3), number(4), number(5)});
  }
  return bars;
}

TEST(UsageSvg, DrawsBarsAndTheLimit) {
  const UsageReport report{"p1",
                           "k1",
                           1,
                           {{kMonday, 60, 0, 40},
                            {kMonday + 1, 0, 60, 40},
                            {kMonday + 2, 30, 60, 110},
                            {kMonday + 3, 1, 90, 109}}};
  // The plot is 240 high for 200 requests; four days share 780 - 49 pixels.
  const std::string svg = usage_svg(report);
  EXPECT_EQ(svg.substr(0, svg.find("<style>")),
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" "
            "width=\"800\" height=\"400\" viewBox=\"0 0 800 400\" "
            "aria-labelledby=\"usage-title usage-desc\">\n"
            "<title id=\"usage-title\">Key k1, plan p1</title>\n"
            "<desc id=\"usage-desc\">Requests by day, 2026-03-02 to "
            "2026-03-05, UTC: 91 in all, most on 2026-03-02: 60. At the end, "
            "109 of the period&#39;s 200 were left.</desc>\n");
  EXPECT_EQ(
      svg.substr(svg.find("<g class=\"day\">")),
      "<g class=\"day\"><title>2026-03-02: 60 used, 60 of the period&#39;s "
      "100, 40 left</title><rect x=\"49.0\" y=\"116\" width=\"182.8\" "
      "height=\"240\" fill-opacity=\"0\"/><rect class=\"used\" x=\"116.4\" "
      "y=\"284.0\" width=\"48.0\" height=\"72.0\"/></g>\n"
      "<g class=\"day\"><title>2026-03-03: 0 used, 60 of the period&#39;s "
      "100, 40 left</title><rect x=\"231.8\" y=\"116\" width=\"182.8\" "
      "height=\"240\" fill-opacity=\"0\"/><rect class=\"before\" x=\"299.1\" "
      "y=\"284.0\" width=\"48.0\" height=\"72.0\"/></g>\n"
      "<g class=\"day\"><title>2026-03-04: 30 used, 90 of the period&#39;s "
      "200, 110 left</title><rect x=\"414.5\" y=\"116\" width=\"182.8\" "
      "height=\"240\" fill-opacity=\"0\"/><rect class=\"before\" x=\"481.9\" "
      "y=\"248.0\" width=\"48.0\" height=\"72.0\"/><rect class=\"used\" "
      "x=\"481.9\" y=\"320.0\" width=\"48.0\" height=\"36.0\"/></g>\n"
      "<g class=\"day\"><title>2026-03-05: 1 used, 91 of the period&#39;s "
      "200, 109 left</title><rect x=\"597.2\" y=\"116\" width=\"182.8\" "
      "height=\"240\" fill-opacity=\"0\"/><rect class=\"before\" x=\"664.6\" "
      "y=\"246.8\" width=\"48.0\" height=\"108.0\"/><rect class=\"used\" "
      "x=\"664.6\" y=\"354.8\" width=\"48.0\" height=\"1.2\"/></g>\n"
      "<path class=\"limit\" d=\"M49.0 236.0H231.8H414.5V116.0H597.2H780.0\"/>"
      "\n"
      "<text x=\"51.0\" y=\"230.0\" class=\"cap number\">100</text>\n"
      "<text x=\"416.5\" y=\"110.0\" class=\"cap number\">200</text>\n"
      "</svg>\n");
}

TEST(UsageSvg, SaysWhatItShows) {
  const std::string id(100, 'i');
  UsageReport report{id, id, 1, {}};
  for (int i = 0; i < 30; ++i) {
    report.days.push_back({kMonday + i, i % 10 == 0 ? 60 : 1, 2, 40});
  }
  const std::string svg = usage_svg(report);
  // Of days that are level, the first.
  EXPECT_TRUE(contains(svg, "most on 2026-03-02: 60. "));
  const size_t begin = svg.find("<rect class=\"paper\"");
  EXPECT_EQ(
      svg.substr(begin, svg.find("<g class=\"day\">") - begin),
      "<rect class=\"paper\" x=\"0.0\" y=\"0.0\" width=\"800.0\" "
      "height=\"400.0\"/>\n"
      "<text x=\"20.0\" y=\"32.0\" class=\"name\">Key "
      "iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii"
      "iii~</text>\n"
      "<text x=\"20.0\" y=\"52.0\">Plan "
      "iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii~, 2026-03-02 to 2026-03-31, "
      "UTC: 207 used, 40 left</text>\n"
      "<rect class=\"used\" x=\"20.0\" y=\"76.0\" width=\"12.0\" "
      "height=\"12.0\"/><text x=\"38.0\" y=\"86.0\">used that day</text>\n"
      "<rect class=\"before\" x=\"145.0\" y=\"76.0\" width=\"12.0\" "
      "height=\"12.0\"/><text x=\"163.0\" y=\"86.0\">used before in the "
      "period</text>\n"
      "<path class=\"limit\" d=\"M354.0 82h12\"/><text x=\"372.0\" "
      "y=\"86.0\">limit of the period</text>\n"
      "<path class=\"axis\" d=\"M49.0 356.0H780\"/><text x=\"41.0\" "
      "y=\"360.0\" class=\"number\" text-anchor=\"end\">0</text>\n"
      "<path class=\"grid\" d=\"M49.0 276.0H780\"/><text x=\"41.0\" "
      "y=\"280.0\" class=\"number\" text-anchor=\"end\">50</text>\n"
      "<path class=\"grid\" d=\"M49.0 196.0H780\"/><text x=\"41.0\" "
      "y=\"200.0\" class=\"number\" text-anchor=\"end\">100</text>\n"
      "<path class=\"grid\" d=\"M49.0 116.0H780\"/><text x=\"41.0\" "
      "y=\"120.0\" class=\"number\" text-anchor=\"end\">150</text>\n"
      "<text x=\"61.2\" y=\"374.0\" class=\"number\" "
      "text-anchor=\"middle\">03-02</text>\n"
      "<text x=\"231.8\" y=\"374.0\" class=\"number\" "
      "text-anchor=\"middle\">03-09</text>\n"
      "<text x=\"402.3\" y=\"374.0\" class=\"number\" "
      "text-anchor=\"middle\">03-16</text>\n"
      "<text x=\"572.9\" y=\"374.0\" class=\"number\" "
      "text-anchor=\"middle\">03-23</text>\n"
      "<text x=\"743.4\" y=\"374.0\" class=\"number\" "
      "text-anchor=\"middle\">03-30</text>\n");
  // Without a quota there is no limit.
  const std::string all =
      usage_svg({"p1", "", 2, {{kMonday, 5, 0, {}}, {kMonday + 1, 5, 0, {}}}});
  EXPECT_FALSE(contains(all, "class=\"limit\""));
  const size_t head = all.find("<rect class=\"paper\"");
  EXPECT_EQ(
      all.substr(head, all.find("<g class=\"day\">") - head),
      "<rect class=\"paper\" x=\"0.0\" y=\"0.0\" width=\"800.0\" "
      "height=\"400.0\"/>\n"
      "<text x=\"20.0\" y=\"32.0\" class=\"name\">All 2 keys</text>\n"
      "<text x=\"20.0\" y=\"52.0\">Plan p1, 2026-03-02 to 2026-03-03, UTC: 10 "
      "used</text>\n"
      "<rect class=\"used\" x=\"20.0\" y=\"76.0\" width=\"12.0\" "
      "height=\"12.0\"/><text x=\"38.0\" y=\"86.0\">used that day</text>\n"
      "<path class=\"axis\" d=\"M35.0 356.0H780\"/><text x=\"27.0\" "
      "y=\"360.0\" class=\"number\" text-anchor=\"end\">0</text>\n"
      "<path class=\"grid\" d=\"M35.0 308.0H780\"/><text x=\"27.0\" "
      "y=\"312.0\" class=\"number\" text-anchor=\"end\">1</text>\n"
      "<path class=\"grid\" d=\"M35.0 260.0H780\"/><text x=\"27.0\" "
      "y=\"264.0\" class=\"number\" text-anchor=\"end\">2</text>\n"
      "<path class=\"grid\" d=\"M35.0 212.0H780\"/><text x=\"27.0\" "
      "y=\"216.0\" class=\"number\" text-anchor=\"end\">3</text>\n"
      "<path class=\"grid\" d=\"M35.0 164.0H780\"/><text x=\"27.0\" "
      "y=\"168.0\" class=\"number\" text-anchor=\"end\">4</text>\n"
      "<path class=\"grid\" d=\"M35.0 116.0H780\"/><text x=\"27.0\" "
      "y=\"120.0\" class=\"number\" text-anchor=\"end\">5</text>\n"
      "<text x=\"221.2\" y=\"374.0\" class=\"number\" "
      "text-anchor=\"middle\">03-02</text>\n"
      "<text x=\"593.8\" y=\"374.0\" class=\"number\" "
      "text-anchor=\"middle\">03-03</text>\n");
}

TEST(UsageSvg, NamesALimitThatWouldMakeTheBarsFlat) {
  UsageReport report{"p1", "k1", 1, {{kMonday, 10, 0, 90}}};
  EXPECT_TRUE(contains(usage_svg(report), ">limit of the period<"));
  EXPECT_TRUE(contains(usage_svg(report), "d=\"M49.0 116.0H780.0\""));
  report.days[0].remaining = 999'990;
  const std::string svg = usage_svg(report);
  EXPECT_TRUE(
      contains(svg, ">limit of the period: 1,000,000, above the picture<"));
  EXPECT_FALSE(contains(svg, "class=\"cap number\""));
  // Where nothing was used, the limit is all there is to see.
  report.days[0] = {kMonday, 0, 0, 1'000'000};
  EXPECT_TRUE(contains(usage_svg(report), "class=\"cap number\""));
}

TEST(UsageSvg, LeavesAGapWhereThereWasNoLimit) {
  const UsageReport report{
      "p1",
      "k1",
      1,
      {{kMonday, 5, 0, 5}, {kMonday + 1, 5, 0, {}}, {kMonday + 2, 5, 0, 5}}};
  EXPECT_TRUE(
      contains(usage_svg(report), "d=\"M42.0 116.0H288.0M534.0 116.0H780.0\""));
}

TEST(UsageSvg, HoldsNoMarkupOfOthers) {
  const std::string id = "</title><script>alert('1')</script>&\"\x01\xff";
  for (const std::string& key_id : {id, std::string()}) {
    const UsageReport report{id, key_id, 1, {{kMonday, 5, 0, 5}}};
    const std::string svg = usage_svg(report);
    EXPECT_FALSE(contains(svg, "<script"));
    EXPECT_FALSE(contains(svg, "\x01"));
    EXPECT_FALSE(contains(svg, "\xff"));
    EXPECT_TRUE(contains(svg,
                         "&lt;/title&gt;&lt;script&gt;alert(&#39;1&#39;)"
                         "&lt;/script&gt;&amp;&quot;\\x01\\xFF"));
  }
}

TEST(UsageSvg, BarsStayInThePlotAndShowTheirDays) {
  for (unsigned seed = first_seed(); seed < first_seed() + 60; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const UsageReport report = any_report(random);
    const std::vector<Bar> bars = bars_of(usage_svg(report));
    std::int64_t highest = 0;
    for (const UsageDay& day : report.days) {
      highest = std::max(highest, day.used_before + day.used);
    }
    // What one pixel is worth, told by the day with most.
    double pixels = 0;
    for (const Bar& bar : bars) pixels = std::max(pixels, 356 - bar.y);
    std::size_t next = 0;
    for (const UsageDay& day : report.days) {
      double height = 0;
      for (const bool is_used : {false, true}) {
        if ((is_used ? day.used : day.used_before) == 0) continue;
        ASSERT_LT(next, bars.size());
        const Bar& bar = bars[next++];
        ASSERT_EQ(bar.name, is_used ? "used" : "before");
        EXPECT_GE(bar.x, 0);
        EXPECT_LE(bar.x + bar.width, 780.01);
        EXPECT_GE(bar.y, 116);
        EXPECT_NEAR(bar.y + bar.height, is_used ? 356 : bar.y + bar.height,
                    0.11);
        EXPECT_LE(bar.y + bar.height, 356.11);
        EXPECT_GE(bar.height, is_used ? 1 : 0);
        height += bar.height;
      }
      EXPECT_NEAR(height,
                  pixels * static_cast<double>(day.used_before + day.used) /
                      static_cast<double>(std::max<std::int64_t>(highest, 1)),
                  1.2);
    }
    EXPECT_EQ(next, bars.size());
  }
}

}  // namespace
}  // namespace weir::cli
