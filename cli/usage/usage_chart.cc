#include "weir/cli/usage/usage_chart.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/time/civil_time.h"
#include "weir/base/text.h"
#include "weir/cli/printable.h"
#include "weir/cli/text_chart.h"

namespace weir::cli {
namespace {

std::int64_t total(const UsageDay& day) { return day.used_before + day.used; }

std::string name_of_keys(const UsageReport& report) {
  if (report.key_id.empty()) {
    return report.keys == 1
               ? "The plan's one key"
               : absl::StrCat("All ", with_commas(report.keys), " keys");
  }
  return absl::StrCat("Key ", printable(report.key_id, false));
}

std::string days_of(const UsageReport& report) {
  return absl::StrCat(absl::FormatCivilTime(report.days.front().date), " to ",
                      absl::FormatCivilTime(report.days.back().date), ", UTC");
}

bool has_quota(const UsageReport& report) {
  return std::any_of(
      report.days.begin(), report.days.end(),
      [](const UsageDay& day) { return day.remaining.has_value(); });
}

bool has_used_before(const UsageReport& report) {
  return std::any_of(report.days.begin(), report.days.end(),
                     [](const UsageDay& day) {
                       return day.remaining.has_value() && day.used_before > 0;
                     });
}

// -- SVG --

// In pixels. The plot lies between its four sides.
constexpr int kWidth = 800;
constexpr int kHeight = 400;
constexpr int kMargin = 20;
constexpr int kTop = 116;
constexpr int kBottom = kHeight - 44;
constexpr int kRight = kWidth - kMargin;
constexpr int kLegendY = 76;
constexpr int kDigit = 7;    // the width of a character of a label
constexpr int kMaxBar = 48;  // the width of a bar
constexpr int kGap = 16;     // between texts in one line

constexpr int kIdColumns = 40;
constexpr std::size_t kMaxDates = 14;  // on the axis

// A limit of more than this many times the highest bar would make all bars
// flat: such a limit is written, not drawn.
constexpr std::int64_t kMaxHeadroom = 10;

constexpr char kStyle[] =
    "<style>\n"
    "text{font-family:system-ui,sans-serif;font-size:12px;fill:#6a6963}\n"
    ".name{font-size:17px;font-weight:600;fill:#1b1b19}\n"
    ".number{font-variant-numeric:tabular-nums}\n"
    ".paper{fill:#fdfdfc}\n"
    ".grid{stroke:#e7e6e1}.axis{stroke:#a9a8a1}\n"
    ".used{fill:#2f74c8}.before{fill:#bcd3ee}\n"
    ".limit{fill:none;stroke:#c2570c;stroke-width:2}\n"
    ".cap{fill:#a3470a;font-weight:600;stroke:#fdfdfc;stroke-width:3;"
    "paint-order:stroke}\n"
    ".day:hover .used{fill:#1f5aa3}\n"
    "@media (prefers-color-scheme:dark){\n"
    "text{fill:#a5a49d}.name{fill:#f2f1ec}.paper{fill:#191918}\n"
    ".grid{stroke:#32312e}.axis{stroke:#6a6963}\n"
    ".used{fill:#5c9ee8}.before{fill:#2b4a6d}\n"
    ".limit{stroke:#f0914b}.cap{fill:#f5a96f;stroke:#191918}\n"
    ".day:hover .used{fill:#8dbcf2}\n"
    "}\n"
    "</style>\n";

// Escapes `text`, so that it cannot contain markup.
std::string escaped(std::string_view text) {
  return absl::StrReplaceAll(printable(text, false), {{"&", "&amp;"},
                                                      {"<", "&lt;"},
                                                      {">", "&gt;"},
                                                      {"\"", "&quot;"},
                                                      {"'", "&#39;"}});
}

void add_text(double x, double y, std::string_view attributes,
              std::string_view text, std::string* svg) {
  absl::StrAppendFormat(svg, "<text x=\"%.1f\" y=\"%.1f\"%s>%s</text>\n", x, y,
                        internal::to_absl(attributes), escaped(text));
}

void add_rect(std::string_view name, double x, double y, double width,
              double height, std::string* svg) {
  absl::StrAppendFormat(
      svg,
      "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
      "height=\"%.1f\"/>",
      internal::to_absl(name), x, y, width, height);
}

// The distance between the ticks of an axis up to `top`: 1, 2 or 5 times a
// power of ten, for at most five ticks.
std::int64_t tick_for(std::int64_t top) {
  for (std::int64_t power = 1;; power *= 10) {
    for (const std::int64_t step : {power, 2 * power, 5 * power}) {
      if (top <= 5 * step) return step;
    }
  }
}

// Maps days and counts to coordinates.
class Plot {
 public:
  explicit Plot(const UsageReport& report) {
    std::int64_t highest = 0;
    for (const UsageDay& day : report.days) {
      highest = std::max(highest, day.remaining ? total(day) : day.used);
    }
    std::int64_t top = std::max<std::int64_t>(highest, 1);
    for (const UsageDay& day : report.days) {
      const std::int64_t limit = day.limit().value_or(0);
      if (highest == 0 || limit / kMaxHeadroom <= highest) {
        top = std::max(top, limit);
      }
    }
    tick_ = tick_for(top);
    top_ = (top + tick_ - 1) / tick_ * tick_;
    left_ = kMargin + 8 + kDigit * columns(with_commas(top_));
    slot_ = (kRight - left_) / static_cast<double>(report.days.size());
  }

  std::int64_t tick() const { return tick_; }
  std::int64_t top() const { return top_; }
  double left() const { return left_; }
  double slot() const { return slot_; }
  // The left edge of a day's slot.
  double x(std::size_t day) const {
    return left_ + slot_ * static_cast<double>(day);
  }
  double height(std::int64_t count) const {
    return (kBottom - kTop) * static_cast<double>(count) /
           static_cast<double>(top_);
  }
  double y(std::int64_t count) const { return kBottom - height(count); }
  bool shows(std::optional<std::int64_t> limit) const {
    return limit.has_value() && *limit <= top_;
  }

 private:
  std::int64_t tick_;
  std::int64_t top_;
  double left_;
  double slot_;
};

std::string description(const UsageReport& report) {
  const auto most = std::max_element(
      report.days.begin(), report.days.end(),
      [](const UsageDay& a, const UsageDay& b) { return a.used < b.used; });
  std::string text = absl::StrCat(
      "Requests by day, ", days_of(report), ": ", with_commas(report.used()),
      " in all, most on ", absl::FormatCivilTime(most->date), ": ",
      with_commas(most->used), ".");
  const UsageDay& last = report.days.back();
  if (last.remaining) {
    absl::StrAppend(&text, " At the end, ", with_commas(*last.remaining),
                    " of the period's ", with_commas(*last.limit()),
                    " were left.");
  }
  return text;
}

void add_heading(const UsageReport& report, std::string* svg) {
  add_text(kMargin, 32, " class=\"name\"",
           shortened(name_of_keys(report), 2 * kIdColumns, false), svg);
  std::string text = absl::StrCat(
      "Plan ", shortened(printable(report.plan_id, false), kIdColumns, false),
      ", ", days_of(report), ": ", with_commas(report.used()), " used");
  const UsageDay& last = report.days.back();
  if (last.remaining) {
    absl::StrAppend(&text, ", ", with_commas(*last.remaining), " left");
  }
  add_text(kMargin, 52, "", text, svg);
}

void add_legend(const UsageReport& report, const Plot& plot, std::string* svg) {
  double x = kMargin;
  const auto add_entry = [&](std::string_view text) {
    add_text(x + 18, kLegendY + 10, "", text, svg);
    x += 18 + kDigit * columns(text) + kGap;
  };
  add_rect("used", x, kLegendY, 12, 12, svg);
  add_entry("used that day");
  if (has_used_before(report)) {
    add_rect("before", x, kLegendY, 12, 12, svg);
    add_entry("used before in the period");
  }
  if (!has_quota(report)) return;
  absl::StrAppendFormat(svg, "<path class=\"limit\" d=\"M%.1f %dh12\"/>", x,
                        kLegendY + 6);
  const auto high = std::max_element(report.days.begin(), report.days.end(),
                                     [](const UsageDay& a, const UsageDay& b) {
                                       return a.limit() < b.limit();
                                     });
  add_entry(
      plot.shows(high->limit())
          ? "limit of the period"
          : absl::StrCat("limit of the period: ", with_commas(*high->limit()),
                         ", above the picture"));
}

void add_axes(const UsageReport& report, const Plot& plot, std::string* svg) {
  for (std::int64_t count = 0; count <= plot.top(); count += plot.tick()) {
    const double y = plot.y(count);
    absl::StrAppendFormat(svg, "<path class=\"%s\" d=\"M%.1f %.1fH%d\"/>",
                          count == 0 ? "axis" : "grid", plot.left(), y, kRight);
    add_text(plot.left() - 8, y + 4, " class=\"number\" text-anchor=\"end\"",
             with_commas(count), svg);
  }
  const std::size_t count = report.days.size();
  std::size_t step = 1;
  for (const std::size_t next : {2, 7, 14, 30}) {
    if (count > kMaxDates * step) step = next;
  }
  for (std::size_t i = 0; i < count; i += step) {
    const std::string date = absl::FormatCivilTime(report.days[i].date);
    add_text(plot.x(i) + plot.slot() / 2, kBottom + 18,
             " class=\"number\" text-anchor=\"middle\"", date.substr(5), svg);
  }
}

void add_bars(const UsageReport& report, const Plot& plot, std::string* svg) {
  const double width = std::min<double>(plot.slot() * 0.75, kMaxBar);
  for (std::size_t i = 0; i < report.days.size(); ++i) {
    const UsageDay& day = report.days[i];
    std::string text = absl::StrCat(absl::FormatCivilTime(day.date), ": ",
                                    with_commas(day.used), " used");
    if (day.remaining) {
      absl::StrAppend(&text, ", ", with_commas(total(day)), " of the period's ",
                      with_commas(*day.limit()), ", ",
                      with_commas(*day.remaining), " left");
    }
    absl::StrAppend(svg, "<g class=\"day\"><title>", escaped(text), "</title>");
    // The whole slot shows the title, also outside the bar.
    absl::StrAppendFormat(svg,
                          "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" "
                          "height=\"%d\" fill-opacity=\"0\"/>",
                          plot.x(i), kTop, plot.slot(), kBottom - kTop);
    const double x = plot.x(i) + (plot.slot() - width) / 2;
    // A value that is not zero is visible.
    const double used =
        day.used == 0 ? 0 : std::max(plot.height(day.used), 1.0);
    if (day.remaining && day.used_before > 0) {
      const double all = std::max(plot.height(total(day)), used);
      add_rect("before", x, kBottom - all, width, all - used, svg);
    }
    if (used > 0) add_rect("used", x, kBottom - used, width, used, svg);
    absl::StrAppend(svg, "</g>\n");
  }
}

// Draws the limit's line, with a step and the new limit where it changes, and a
// gap where no limit is drawn.
void add_limits(const UsageReport& report, const Plot& plot, std::string* svg) {
  constexpr std::int64_t kNone = -1;
  std::string path, labels;
  std::int64_t limit = kNone;
  double label_end = 0;
  for (std::size_t i = 0; i < report.days.size(); ++i) {
    if (!plot.shows(report.days[i].limit())) {
      limit = kNone;
      continue;
    }
    const std::int64_t next = *report.days[i].limit();
    const double y = plot.y(next);
    if (limit == kNone) {
      absl::StrAppendFormat(&path, "M%.1f %.1f", plot.x(i), y);
    } else if (limit != next) {
      absl::StrAppendFormat(&path, "V%.1f", y);
    }
    absl::StrAppendFormat(&path, "H%.1f", plot.x(i + 1));
    const std::string label = with_commas(next);
    const int width = kDigit * columns(label);
    const double x = std::min<double>(plot.x(i) + 2, kRight - width);
    if (limit != next && x >= label_end) {
      add_text(x, y - 6, " class=\"cap number\"", label, &labels);
      label_end = x + width + kGap;
    }
    limit = next;
  }
  if (path.empty()) return;
  absl::StrAppend(svg, "<path class=\"limit\" d=\"", path, "\"/>\n", labels);
}

}  // namespace

std::string usage_text_chart(const UsageReport& report, int width, bool utf8) {
  const bool left = has_quota(report);
  const bool before = has_used_before(report);
  TextChart chart;
  chart.series.push_back("used");
  if (before) chart.series.push_back("before");
  if (left) chart.series.push_back("left");
  for (const UsageDay& day : report.days) {
    TextChart::Row row{absl::FormatCivilTime(day.date), {day.used}};
    if (before) row.values.push_back(day.remaining ? day.used_before : 0);
    if (left) row.values.push_back(day.remaining.value_or(0));
    chart.rows.push_back(std::move(row));
  }
  std::string text = absl::StrCat(
      name_of_keys(report), ", plan ", printable(report.plan_id, false), "\n",
      days_of(report), ": ", with_commas(report.used()), " used\n\n");
  if (left) {
    int mark = 0;
    absl::StrAppend(&text, internal::to_absl(chart_mark(mark++, utf8)),
                    " used that day");
    if (before) {
      absl::StrAppend(&text, "  ", internal::to_absl(chart_mark(mark++, utf8)),
                      " before in the period");
    }
    absl::StrAppend(&text, "  ", internal::to_absl(chart_mark(mark, utf8)),
                    " left of the limit\n\n");
  }
  absl::StrAppend(&text, render(chart, width, utf8));
  return text;
}

std::string usage_svg(const UsageReport& report) {
  const Plot plot(report);
  std::string svg = absl::StrFormat(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"%d\" "
      "height=\"%d\" viewBox=\"0 0 %d %d\" aria-labelledby=\"usage-title "
      "usage-desc\">\n",
      kWidth, kHeight, kWidth, kHeight);
  absl::StrAppend(
      &svg, "<title id=\"usage-title\">",
      escaped(absl::StrCat(name_of_keys(report), ", plan ", report.plan_id)),
      "</title>\n<desc id=\"usage-desc\">", escaped(description(report)),
      "</desc>\n", kStyle);
  add_rect("paper", 0, 0, kWidth, kHeight, &svg);
  svg += '\n';
  add_heading(report, &svg);
  add_legend(report, plot, &svg);
  add_axes(report, plot, &svg);
  add_bars(report, plot, &svg);
  add_limits(report, plot, &svg);
  svg += "</svg>\n";
  return svg;
}

}  // namespace weir::cli
