#include "weir/cli/usage/usage_report.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "weir/base/text.h"
#include "weir/cli/printable.h"
#include "weir/json/json_writer.h"
#include "weir/quota/date.h"

namespace weir::cli {
namespace {

constexpr std::int64_t kMaxCounted = 1'000'000'000'000'000'000;

std::int64_t sum(std::int64_t a, std::int64_t b) {
  return std::min(a + b, kMaxCounted);
}

// A column wide enough for the largest quota, 8,796,093,022,207.
std::string number_column(std::string_view text) {
  return absl::StrFormat("  %17s", internal::to_absl(text));
}

std::string number_or_dash(std::optional<std::int64_t> number) {
  return number ? with_commas(*number) : "-";
}

std::string plural(std::int64_t count, std::string_view noun) {
  return absl::StrCat(with_commas(count), " ", internal::to_absl(noun),
                      count == 1 ? "" : "s");
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return std::string(text);
  return absl::StrCat(
      "\"", absl::StrReplaceAll(internal::to_absl(text), {{"\"", "\"\""}}),
      "\"");
}

// Writes an int64 as proto3 JSON does, as a string, so that programs that read
// numbers as doubles do not round it.
void write_int64(std::string_view name, std::int64_t number, JsonWriter* json) {
  json->key(name);
  json->string(absl::StrCat(number));
}

}  // namespace

std::int64_t UsageReport::used() const {
  std::int64_t total = 0;
  for (const UsageDay& day : days) total = sum(total, day.used);
  return total;
}

std::vector<UsageDay> usage_days(const v1::KeyUsage& usage,
                                 absl::CivilDay begin, absl::CivilDay first,
                                 QuotaCalendar calendar) {
  std::vector<UsageDay> days;
  std::int64_t used_before = 0;
  absl::CivilDay date = begin;
  for (const v1::DailyUsage& day : usage.days()) {
    const auto number = static_cast<Day>(date - kDayZero);
    if (calendar.period_start(number) == number) used_before = 0;
    if (date >= first) {
      days.push_back({date, day.used(), used_before, std::nullopt});
      if (day.remaining() >= 0) days.back().remaining = day.remaining();
    }
    used_before += day.used();
    ++date;
  }
  return days;
}

void add_key(const v1::KeyUsage& usage, UsageReport* report) {
  ++report->keys;
  const auto count = std::min(report->days.size(),
                              static_cast<std::size_t>(usage.days_size()));
  for (std::size_t i = 0; i < count; ++i) {
    std::int64_t& used = report->days[i].used;
    used = sum(used, usage.days(static_cast<int>(i)).used());
  }
}

std::string usage_table_head() {
  return absl::StrCat(number_column("used"), number_column("remaining"),
                      "  key\n");
}

std::string usage_table_row(const v1::KeyUsage& usage) {
  std::int64_t used = 0;
  for (const v1::DailyUsage& day : usage.days()) used = sum(used, day.used());
  std::optional<std::int64_t> remaining;
  if (!usage.days().empty() && usage.days().rbegin()->remaining() >= 0) {
    remaining = usage.days().rbegin()->remaining();
  }
  return absl::StrCat(number_column(with_commas(used)),
                      number_column(number_or_dash(remaining)), "  ",
                      printable(usage.key_id(), false), "\n");
}

std::string usage_table_end(const UsageReport& report) {
  std::string text = absl::StrCat("\n", number_column("used"), "  date\n");
  for (const UsageDay& day : report.days) {
    absl::StrAppend(&text, number_column(with_commas(day.used)), "  ",
                    absl::FormatCivilTime(day.date), "\n");
  }
  absl::StrAppend(&text, number_column(with_commas(report.used())), "  by ",
                  plural(report.keys, "key"), "\n");
  return text;
}

std::string usage_table(const UsageReport& report) {
  std::string text =
      absl::StrCat("date      ", number_column("used"),
                   number_column("remaining"), number_column("limit"), "\n");
  for (const UsageDay& day : report.days) {
    absl::StrAppend(&text, absl::FormatCivilTime(day.date),
                    number_column(with_commas(day.used)),
                    number_column(number_or_dash(day.remaining)),
                    number_column(number_or_dash(day.limit())), "\n");
  }
  absl::StrAppend(&text, "total     ",
                  number_column(with_commas(report.used())), "\n");
  return text;
}

std::string usage_csv_head() { return "key_id,date,used,remaining\n"; }

std::string usage_csv_rows(const v1::KeyUsage& usage, absl::CivilDay first) {
  const std::string key_id = csv_field(usage.key_id());
  std::string text;
  for (const v1::DailyUsage& day : usage.days()) {
    absl::StrAppend(&text, key_id, ",", absl::FormatCivilTime(first++), ",",
                    day.used(), ",", day.remaining(), "\n");
  }
  return text;
}

std::string usage_json_head(const v1::Usage& usage) {
  JsonWriter json(JsonStyle::kCompact);
  json.begin_object();
  json.key("usagePlanId");
  json.string(usage.usage_plan_id());
  json.key("startDate");
  json.string(usage.start_date());
  json.key("endDate");
  json.string(usage.end_date());
  json.key("items");
  json.begin_array();
  return std::move(json).text();
}

std::string usage_json_item(const v1::KeyUsage& usage, bool is_first) {
  JsonWriter json(JsonStyle::kCompact);
  json.begin_object();
  json.key("keyId");
  json.string(usage.key_id());
  json.key("days");
  json.begin_array();
  for (const v1::DailyUsage& day : usage.days()) {
    json.begin_object();
    write_int64("used", day.used(), &json);
    write_int64("remaining", day.remaining(), &json);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return absl::StrCat(is_first ? "\n" : ",\n", json.text());
}

std::string usage_json_end() { return "\n]}\n"; }

}  // namespace weir::cli
