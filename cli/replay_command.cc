#include "cli/replay_command.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <ostream>
#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cli/access_log.h"
#include "cli/command_line.h"
#include "cli/input.h"
#include "cli/plan_file.h"
#include "cli/printable.h"
#include "cli/progress.h"
#include "cli/replay.h"
#include "cli/replay_report.h"
#include "enforcer/enforcer.h"
#include "json/text.h"
#include "proto/usage_plan.pb.h"

namespace weir::cli {
namespace {

constexpr char kDescription[] =
    "Replays an access log in simulated time against the enforcer itself, and\n"
    "reports what the plan would have done: to whom, when, and by which "
    "limit.\n"
    "\n"
    "A line of the log is of Apache's or nginx's common or combined format, "
    "or\n"
    "\n"
    "  time key apiId:stage /path/METHOD [cost]\n"
    "\n"
    "with the time as RFC 3339 or Unix seconds. Each different key is treated\n"
    "as an API key of the plan. FILE may be \"-\" for standard input, as may\n"
    "PLAN.json if the other is not. Exit code: 0 replayed, whatever was\n"
    "refused; 1 the plan or the log cannot be replayed; 2 not read.";

// Names the malformed lines where they can be clicked on; the report on
// standard output counts them.
void report_malformed(const Console& console, const std::string& path,
                      const ReplayReport& report) {
  for (const MalformedLine& malformed : report.malformed_lines) {
    report_error(console, path, malformed.reason, malformed.line);
  }
  const std::int64_t more =
      report.malformed -
      static_cast<std::int64_t>(report.malformed_lines.size());
  if (more > 0) {
    report_error(console, path,
                 absl::StrCat(with_commas(more), " more malformed lines"));
  }
}

bool has_stage(const v1::UsagePlan& plan, std::string_view stage) {
  return std::any_of(plan.api_stages().begin(), plan.api_stages().end(),
                     [stage](const v1::ApiStage& s) {
                       return absl::StrCat(s.api_id(), ":", s.stage()) == stage;
                     });
}

}  // namespace

int run_replay(absl::Span<const std::string> arguments,
               const Console& console) {
  std::string plan_path, log_path, key, stage, top;
  std::string offset = "requests";
  std::string method_throttle = "replaces-plan";
  std::string output = "text";
  bool sorted = false, show_keys = false, ascii = false;
  CommandLine line("replay --plan=PLAN.json --log=FILE [flags]", kDescription);
  line.add_flag(
      "plan", "PLAN.json",
      "the usage plan, in a file of any kind that `weir validate` reads;\n"
      "FILE#NAME is one plan of several; required",
      &plan_path);
  line.add_flag("log", "FILE", "the access log; required", &log_path);
  line.add_flag("key", "key|host|user|referer|agent",
                "the field that says who calls; default: host in Apache and\n"
                "nginx lines, else key",
                &key);
  line.add_flag("stage", "apiId:stage",
                "the stage that Apache and nginx lines are for; default: the\n"
                "plan's first",
                &stage);
  line.add_flag("sorted",
                "the log is in the order of time: do not keep it in memory",
                &sorted);
  line.add_flag("offset", "requests|start-day",
                "what the quota's offset means: requests taken off a key's\n"
                "first period (default), or the day on which periods start",
                &offset);
  line.add_flag("method-throttle", "replaces-plan|adds-to-plan",
                "whether a method's throttle stands in for the plan's\n"
                "(default), or both have to admit",
                &method_throttle);
  line.add_flag("top", "N",
                "how many keys to list, 0 for all; default 20, in JSON all",
                &top);
  line.add_flag("show-keys",
                "show keys of `time key ...` lines in full: they are secrets",
                &show_keys);
  line.add_flag("ascii", "draw with ASCII even if the locale has UTF-8",
                &ascii);
  line.add_flag("output", "text|json", "default text", &output);
  if (const auto exit_code = line.parse(arguments, 0, console)) {
    return *exit_code;
  }
  if (plan_path.empty() || log_path.empty()) {
    return line.usage_error(console, "--plan and --log are required");
  }
  if (plan_path == "-" && log_path == "-") {
    return line.usage_error(console,
                            "only one of the files can be standard input");
  }
  ReportStyle style;
  style.utf8 = console.utf8 && !ascii;
  style.show_keys = show_keys;
  std::size_t count = output == "json" ? 0 : 20;
  if (!top.empty() && !absl::SimpleAtoi(top, &count)) {
    return line.usage_error(
        console, absl::StrCat("--top: expected a number, got ", excerpt(top)));
  }
  if (count > 0) style.top = count;

  const std::optional<PlanFile> plan =
      read_plan(plan_path, plan_rules(offset), console);
  if (!plan) return kExitUsage;
  if (!plan->problems.empty()) {
    report_problems(console, plan_path, plan->problems);
    return kExitRefused;
  }

  ReplayOptions options;
  if (!key.empty()) options.key_field = *key_field_from_name(key);
  options.stage = stage;
  options.sorted = sorted;
  if (offset == "start-day") {
    options.rules.quota_offset = QuotaOffset::kStartDay;
  }
  if (method_throttle == "adds-to-plan") {
    options.rules.method_throttle = MethodThrottle::kAddsToPlan;
  }
  if (!stage.empty() && !has_stage(plan->plan, stage)) {
    report_error(console, plan_path,
                 absl::StrCat("the plan has no stage ", excerpt(stage)));
    return kExitRefused;
  }

  Input log(log_path, console);
  ReplayReport report;
  std::optional<ReplayError> error;
  if (log.status().ok()) {
    Progress progress(console);
    options.progress = [&progress](std::string_view phase, std::int64_t lines) {
      progress.show(phase, lines);
    };
    error = replay(log.stream(), plan->plan, options, &report);
  }
  if (!log.status().ok()) {
    report_error(console, log_path, std::string(log.status().message()));
    return kExitUsage;
  }
  if (error) {
    report_error(console, log_path, error->message, error->line);
    return kExitRefused;
  }
  if (output == "json") {
    console.out << report_to_json(report, style);
  } else {
    report_malformed(console, log_path, report);
    console.out << report_to_text(report, style);
  }
  return kExitOk;
}

}  // namespace weir::cli
