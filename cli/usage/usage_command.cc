#include "weir/cli/usage/usage_command.h"

#include <ostream>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "weir/base/text.h"
#include "weir/cli/command_line.h"
#include "weir/cli/input.h"
#include "weir/cli/open_store.h"
#include "weir/cli/plan_file.h"
#include "weir/cli/usage/usage_query.h"
#include "weir/quota/date.h"

namespace weir::cli {
namespace {

constexpr char kDescription[] =
    "Prints what the keys of a usage plan, or one of them, have used per day\n"
    "(UTC), and what remains. The store may be in use: its folder is not\n"
    "changed. Without dates, prints the last 30 days up to today.\n"
    "\n"
    "For one key, a day's limit is the usage in the quota's period up to that\n"
    "day plus what remained: the plan's limit as `update_usage()` changed it.\n"
    "Exit code: 0 written; 1 the plan or key does not exist; 2 not read.";

constexpr int kDefaultDays = 30;
constexpr int kMinWidth = 40;
constexpr int kMaxWidth = 1000;

// Sets `day` if there is a date. Returns the error, or "".
std::string set_day(std::string_view flag, const std::string& date,
                    absl::CivilDay* day) {
  if (date.empty()) return "";
  if (const auto parsed = parse_date(date)) {
    *day = kDayZero + *parsed;
    return "";
  }
  return absl::StrCat(internal::to_absl(flag),
                      ": expected a date as yyyy-mm-dd, got ",
                      internal::excerpt(date));
}

// Sets the days of the query. Returns the error, or "".
std::string set_days(const std::string& from, const std::string& to,
                     UsageQuery* query) {
  query->last = absl::ToCivilDay(absl::Now(), absl::UTCTimeZone());
  std::string error = set_day("--to", to, &query->last);
  query->first = query->last - (kDefaultDays - 1);
  if (error.empty()) error = set_day("--from", from, &query->first);
  if (!error.empty()) return error;
  if (query->last < query->first ||
      query->last - query->first >= UsageQuery::kMaxDays) {
    return absl::StrCat("expected 1 to ", UsageQuery::kMaxDays,
                        " days, got those from ",
                        absl::FormatCivilTime(query->first), " to ",
                        absl::FormatCivilTime(query->last));
  }
  return "";
}

UsageFormat format_from_name(std::string_view name) {
  if (name == "json") return UsageFormat::kJson;
  if (name == "csv") return UsageFormat::kCsv;
  if (name == "chart") return UsageFormat::kChart;
  if (name == "svg") return UsageFormat::kSvg;
  return UsageFormat::kTable;
}

}  // namespace

int run_usage(absl::Span<const std::string> arguments, const Console& console) {
  std::string folder, from, to, width;
  std::string offset = "requests";
  std::string output = "table";
  bool ascii = false;
  UsageQuery query;
  CommandLine line("usage PLAN_ID --store=FOLDER [flags]", kDescription);
  line.add_flag("store", "FOLDER", "the store's folder; required", &folder);
  line.add_flag("key", "KEY_ID",
                "one key by day; default: all keys of the plan", &query.key_id);
  line.add_flag("from", "YYYY-MM-DD", "the first day; default: 29 before --to",
                &from);
  line.add_flag("to", "YYYY-MM-DD", "the last day; default: today", &to);
  line.add_flag(
      "output", "table|json|csv|chart|svg",
      "a table (default); JSON, a weir.v1.Usage with one key per line;\n"
      "CSV; a text chart; an SVG image",
      &output);
  line.add_flag("width", "COLUMNS",
                "of the text chart; default: the terminal's, or 80", &width);
  line.add_flag("ascii", "draw with ASCII even if the locale has UTF-8",
                &ascii);
  line.add_flag("offset", "requests|start-day",
                "what the quotas' offsets mean: requests taken off a key's\n"
                "first period (default), or the day on which periods start",
                &offset);
  if (const auto exit_code = line.parse(arguments, 1, console)) {
    return *exit_code;
  }
  if (folder.empty()) return line.usage_error(console, "--store is required");
  if (const std::string error = set_days(from, to, &query); !error.empty()) {
    return line.usage_error(console, error);
  }
  query.plan_id = line.operands()[0];
  query.format = format_from_name(output);
  query.rules = plan_rules(offset);
  query.utf8 = console.utf8 && !ascii;
  query.width = console.width;
  if (!width.empty() &&
      !(is_plain_number(width) && absl::SimpleAtoi(width, &query.width) &&
        query.width >= kMinWidth && query.width <= kMaxWidth)) {
    return line.usage_error(
        console,
        absl::StrCat("--width: expected a number from ", kMinWidth, " to ",
                     kMaxWidth, ", got ", internal::excerpt(width)));
  }

  auto store = open_to_read(folder);
  if (!store.ok()) {
    report_error(console, store.status());
    return kExitUsage;
  }
  const auto enforcer = enforcer_of(*std::move(store), query.rules);
  if (!enforcer.ok()) {
    report_error(console, enforcer.status());
    return kExitUsage;
  }
  const absl::Status status = write_usage(**enforcer, query, console.out);
  if (!status.ok()) {
    report_error(console, status);
    return kExitRefused;
  }
  return kExitOk;
}

}  // namespace weir::cli
