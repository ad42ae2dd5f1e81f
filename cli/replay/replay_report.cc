#include "weir/cli/replay/replay_report.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "weir/base/text.h"
#include "weir/cli/printable.h"
#include "weir/cli/replay/log/log_time.h"
#include "weir/cli/text_chart.h"
#include "weir/json/json_writer.h"

namespace weir::cli {
namespace {

constexpr int kWidth = 80;
constexpr int kMaxKeyColumns = 40;
constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
constexpr std::int64_t kSecondsPerDay = 86400;

// An outcome, in the order in which all parts of the report show them.
struct Series {
  const char* name;
  std::int64_t Tally::*count;
};
constexpr Series kSeries[] = {{"admitted", &Tally::admitted},
                              {"throttled", &Tally::throttled},
                              {"over quota", &Tally::quota_exceeded},
                              {"forbidden", &Tally::forbidden}};

// The last outcome, forbidden, is shown only if it occurred.
std::size_t series_shown(const ReplayReport& report) {
  return report.total.forbidden > 0 ? 4 : 3;
}

struct LimitName {
  const char* in_text;
  const char* in_json;
};

LimitName limit_name(const Refusal& refusal) {
  switch (refusal.forbidden) {
    case Forbidden::kStage:
      return {"stage not in plan", "stage"};
    case Forbidden::kTarget:
      return {"path not accepted", "path"};
    case Forbidden::kMethod:
      return {"method not accepted", "method"};
    case Forbidden::kKey:
      return {"no API key", "key"};
    case Forbidden::kNo:
      break;
  }
  switch (refusal.limit) {
    case Limit::kPlanThrottle:
      return {"throttle", "throttle"};
    case Limit::kMethodThrottle:
      return {"method throttle", "method_throttle"};
    case Limit::kQuota:
      return {"quota", "quota"};
    case Limit::kNone:
    case Limit::kSharedThrottle:  // a replay has no shared plans
    case Limit::kSharedMethodThrottle:
      break;
  }
  return {"none", "none"};
}

std::string key_name(const KeyReport& key, const ReportStyle& style) {
  if (key.is_none) return "(no API key)";
  if (key.key.empty()) return "\"\"";
  return key.is_secret && !style.show_keys ? secret_name(key.key, style.utf8)
                                           : printable(key.key, style.utf8);
}

std::string plural(std::int64_t count, std::string_view noun) {
  return absl::StrCat(with_commas(count), " ", internal::to_absl(noun),
                      count == 1 ? "" : "s");
}

std::string totals(const ReplayReport& report, const ReportStyle& style) {
  std::string text = plural(report.total.requests(), "request");
  if (report.total.requests() > 0) {
    absl::StrAppend(
        &text, " of ",
        plural(static_cast<std::int64_t>(report.keys.size()), "key"), ", ",
        to_display_time(report.first_ns), " to ",
        to_display_time(report.last_ns), " UTC");
  }
  text += '\n';
  if (report.malformed > 0) {
    absl::StrAppend(&text, plural(report.malformed, "malformed line"),
                    " left out\n");
  }
  text += '\n';
  const std::size_t digits = with_commas(report.total.requests()).size();
  for (std::size_t i = 0; i < series_shown(report); ++i) {
    const std::int64_t count = report.total.*kSeries[i].count;
    const double percent =
        100.0 * static_cast<double>(count) /
        static_cast<double>(std::max<std::int64_t>(report.total.requests(), 1));
    absl::StrAppendFormat(
        &text, "  %s %-10s  %*s  %5.1f %%\n",
        internal::to_absl(chart_mark(static_cast<int>(i), style.utf8)),
        kSeries[i].name, static_cast<int>(digits), with_commas(count), percent);
  }
  return text;
}

// Formats rows in columns as wide as needed: the first and the last column are
// text, the others are numbers.
std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<int> widths(rows[0].size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], columns(row[i]));
    }
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(
          static_cast<std::size_t>(widths[i] - columns(row[i])), ' ');
      if (i + 1 == row.size()) {
        absl::StrAppend(&text, "  ", row[i], "\n");
      } else if (i == 0) {
        absl::StrAppend(&text, "  ", row[i], padding);
      } else {
        absl::StrAppend(&text, "  ", padding, row[i]);
      }
    }
  }
  return text;
}

std::string keys_table(const ReplayReport& report, const ReportStyle& style) {
  const std::size_t shown = std::min(style.top, report.keys.size());
  std::string text = "Keys with the most requests";
  if (shown < report.keys.size()) {
    absl::StrAppend(
        &text, " (", with_commas(static_cast<std::int64_t>(shown)), " of ",
        with_commas(static_cast<std::int64_t>(report.keys.size())), ")");
  }
  std::vector<std::vector<std::string>> rows(1);
  rows[0] = {"key", "requests"};
  for (std::size_t i = 0; i < series_shown(report); ++i) {
    rows[0].push_back(kSeries[i].name);
  }
  rows[0].push_back("first refusal");
  for (std::size_t k = 0; k < shown; ++k) {
    const KeyReport& key = report.keys[k];
    std::vector<std::string> row = {
        shortened(key_name(key, style), kMaxKeyColumns, style.utf8),
        with_commas(key.tally.requests())};
    for (std::size_t i = 0; i < series_shown(report); ++i) {
      row.push_back(with_commas(key.tally.*kSeries[i].count));
    }
    row.push_back(
        key.first_refusal
            ? absl::StrCat(to_display_time(key.first_refusal->unix_ns), " ",
                           limit_name(*key.first_refusal).in_text)
            : "-");
    rows.push_back(std::move(row));
  }
  return absl::StrCat(text, "\n\n", table(rows));
}

std::string logs_table(const ReplayReport& report, const ReportStyle& style) {
  std::vector<std::vector<std::string>> rows(1);
  rows[0] = {"log", "lines", "requests", "format"};
  for (const LogReport& log : report.logs) {
    rows.push_back(
        {shortened(log.path == "-" ? "standard input"
                                   : printable(log.path, style.utf8),
                   kMaxKeyColumns, style.utf8),
         with_commas(log.lines), with_commas(log.requests),
         log.format == nullptr ? "-" : std::string(log.format->name)});
  }
  return absl::StrCat("Logs\n\n", table(rows));
}

std::string chart(const ReplayReport& report, const ReportStyle& style) {
  const Timeline& timeline = report.timeline;
  TextChart chart;
  for (std::size_t i = 0; i < series_shown(report); ++i) {
    chart.series.push_back(kSeries[i].name);
  }
  // The time of day in the precision that the buckets need; each date once.
  const std::int64_t length = timeline.bucket_seconds();
  const std::size_t date_end = 10;
  const std::size_t end = length % kSecondsPerDay == 0 ? date_end
                          : length % 60 == 0           ? 16
                                                       : 19;
  std::string date;
  for (std::size_t b = 0; b < timeline.buckets().size(); ++b) {
    TextChart::Row row;
    row.label = to_display_time(timeline.bucket_start(b) * kNanosPerSecond)
                    .substr(0, end);
    if (row.label.substr(0, date_end) == date) {
      row.label.replace(0, date_end, date_end, ' ');
    } else {
      date = row.label.substr(0, date_end);
    }
    for (std::size_t i = 0; i < chart.series.size(); ++i) {
      row.values.push_back(timeline.buckets()[b].*kSeries[i].count);
    }
    chart.rows.push_back(std::move(row));
  }
  return absl::StrCat("Requests per ", timeline.unit(), ", UTC\n\n",
                      render(chart, kWidth, style.utf8));
}

void write_tally(const Tally& tally, JsonWriter* json) {
  json->key("admitted");
  json->number(tally.admitted);
  json->key("throttled");
  json->number(tally.throttled);
  json->key("quota_exceeded");
  json->number(tally.quota_exceeded);
  json->key("forbidden");
  json->number(tally.forbidden);
}

void write_time(bool known, std::int64_t unix_ns, JsonWriter* json) {
  if (known) {
    json->string(to_rfc3339(unix_ns));
  } else {
    json->null();
  }
}

// Writes the place. Lines are numbered within each log.
void write_place(const LogPlace& place, JsonWriter* json) {
  json->key("line");
  json->number(place.line);
  json->key("log");
  json->number(std::int64_t{place.log});
}

void write_log(const LogReport& log, const ReportStyle& style,
               JsonWriter* json) {
  json->begin_object();
  json->key("path");
  json->string(printable(log.path, style.utf8));
  json->key("format");
  if (log.format == nullptr) {
    json->null();
  } else {
    json->string(log.format->name);
  }
  json->key("lines");
  json->number(log.lines);
  json->key("requests");
  json->number(log.requests);
  json->key("malformed");
  json->number(log.malformed);
  json->key("error");
  if (log.error.empty()) {
    json->null();
  } else {
    json->string(log.error);
  }
  json->end_object();
}

void write_key(const KeyReport& key, const ReportStyle& style,
               JsonWriter* json) {
  json->begin_object();
  json->key("key");
  if (key.is_none) {
    json->null();
  } else {
    json->string(key.key.empty() ? "" : key_name(key, style));
  }
  json->key("requests");
  json->number(key.tally.requests());
  write_tally(key.tally, json);
  json->key("first_refusal");
  if (key.first_refusal) {
    json->begin_object();
    json->key("time");
    json->string(to_rfc3339(key.first_refusal->unix_ns));
    json->key("limit");
    json->string(limit_name(*key.first_refusal).in_json);
    write_place(key.first_refusal->place, json);
    json->end_object();
  } else {
    json->null();
  }
  json->end_object();
}

}  // namespace

std::string report_to_text(const ReplayReport& report,
                           const ReportStyle& style) {
  std::string text = totals(report, style);
  if (!report.logs.empty()) {
    absl::StrAppend(&text, "\n", logs_table(report, style));
  }
  if (report.total.requests() > 0) {
    absl::StrAppend(&text, "\n", keys_table(report, style), "\n",
                    chart(report, style));
  }
  return text;
}

std::string report_to_json(const ReplayReport& report,
                           const ReportStyle& style) {
  const bool any = report.total.requests() > 0;
  JsonWriter json(JsonStyle::kPretty);
  json.begin_object();
  json.key("requests");
  json.number(report.total.requests());
  write_tally(report.total, &json);
  json.key("malformed");
  json.number(report.malformed);
  json.key("first_time");
  write_time(any, report.first_ns, &json);
  json.key("last_time");
  write_time(any, report.last_ns, &json);

  json.key("logs");
  json.begin_array();
  for (const LogReport& log : report.logs) write_log(log, style, &json);
  json.end_array();

  json.key("keys");
  json.begin_array();
  for (std::size_t i = 0; i < std::min(style.top, report.keys.size()); ++i) {
    write_key(report.keys[i], style, &json);
  }
  json.end_array();

  json.key("timeline");
  json.begin_array();
  const Timeline& timeline = report.timeline;
  for (std::size_t i = 0; i < timeline.buckets().size(); ++i) {
    json.begin_object();
    json.key("start");
    json.string(to_rfc3339(timeline.bucket_start(i) * kNanosPerSecond));
    json.key("seconds");
    json.number(timeline.bucket_seconds());
    write_tally(timeline.buckets()[i], &json);
    json.end_object();
  }
  json.end_array();

  json.key("malformed_lines");
  json.begin_array();
  for (const MalformedLine& malformed : report.malformed_lines) {
    json.begin_object();
    write_place(malformed.place, &json);
    json.key("reason");
    json.string(malformed.reason);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return std::move(json).text() + "\n";
}

}  // namespace weir::cli
