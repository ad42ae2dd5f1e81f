#include "weir/cli/replay/replay_command.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "weir/base/text.h"
#include "weir/cli/command_line.h"
#include "weir/cli/input.h"
#include "weir/cli/plan_file.h"
#include "weir/cli/printable.h"
#include "weir/cli/progress.h"
#include "weir/cli/replay/log/log_format.h"
#include "weir/cli/replay/replay.h"
#include "weir/cli/replay/replay_report.h"
#include "weir/enforcer/enforcer.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir::cli {
namespace {

// The help's description of the formats, one line each.
std::string description() {
  std::string text =
      "Replays access logs in simulated time against the enforcer itself, and\n"
      "reports which requests the plan would have refused, when, and by which\n"
      "limit.\n"
      "\n"
      "The format of a log is detected from its first lines, or set by\n"
      "--format:\n";
  for (const LogFormat& format : log_formats()) {
    absl::StrAppendFormat(&text, "  %-16s %s\n", to_absl(format.name),
                          to_absl(format.title));
  }
  absl::StrAppend(
      &text,
      "docs/logs.md describes them and their fields. Logs may be compressed\n"
      "with gzip. Each distinct key is treated as an API key of the plan.\n"
      "FILE may be \"-\" for standard input; so may PLAN.json if no log is.\n"
      "Exit code: 0 replayed, even if requests were refused; 1 the plan or a\n"
      "log cannot be replayed, or not to its end; 2 not read, or a wrong\n"
      "command line.");
  return text;
}

// Lists the malformed lines as FILE:LINE, which terminals make clickable; the
// report on standard output counts them.
void report_malformed(const Console& console, const ReplayReport& report) {
  for (const MalformedLine& malformed : report.malformed_lines) {
    report_error(console, report.logs[malformed.place.log].path,
                 malformed.reason, malformed.place.line);
  }
  const std::int64_t more =
      report.malformed -
      static_cast<std::int64_t>(report.malformed_lines.size());
  if (more > 0) {
    const std::string& path = report.logs.front().path;
    report_error(console, report.logs.size() == 1 ? path : "the logs",
                 absl::StrCat(with_commas(more), " more malformed lines"));
  }
}

// The opened logs of a replay.
class Logs {
 public:
  Logs(const std::vector<std::string>& paths, const Console& console) {
    for (const std::string& path : paths) {
      inputs_.emplace_back(path, console);
      logs_.push_back({path, &inputs_.back().stream()});
    }
  }

  absl::Span<const Log> all() const { return logs_; }

  // Whether all could be opened; reports the first one that could not.
  bool check(const Console& console) const {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const absl::Status status = inputs_[i].status();
      if (status.ok()) continue;
      report_error(console, logs_[i].path, std::string(status.message()));
      return false;
    }
    return true;
  }

 private:
  std::deque<Input> inputs_;
  std::vector<Log> logs_;
};

// Whether --stage is a stage, "apiId:stage", and not a field's name. (A JSON
// Pointer may have colons, too.)
bool is_stage_name(std::string_view stage) {
  return stage.find(':') != stage.npos && stage.front() != '/';
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
  std::string plan_path, format, key, stage, top;
  std::vector<std::string> log_paths;
  std::string offset = "requests";
  std::string method_throttle = "replaces-plan";
  std::string output = "text";
  bool sorted = false, show_keys = false, ascii = false;
  const std::string text = description();
  CommandLine line("replay --plan=PLAN.json --log=FILE... [flags]", text);
  line.add_flag(
      "plan", "PLAN.json",
      "the usage plan, in a file of any kind that `weir validate` reads;\n"
      "FILE#NAME is one plan of several; required",
      &plan_path);
  line.add_flag(
      "log", "FILE",
      "an access log; required. May be repeated: the logs are merged in\n"
      "the order of time",
      &log_paths);
  line.add_flag("format", "NAME", "the format of the logs; default: detected",
                &format);
  line.add_flag(
      "key", "FIELD",
      "the field that identifies the caller, by its name in the format,\n"
      "such as user or apiKeyId; in JSON also request.headers.X-Api-Key[0]\n"
      "or a JSON Pointer. Default: see docs/logs.md",
      &key);
  line.add_flag("stage", "STAGE",
                "apiId:stage, for lines without a stage (default: the plan's\n"
                "first); or, without a colon, the field that holds the stage",
                &stage);
  line.add_flag("sorted",
                "each log is sorted by time: do not keep it in memory",
                &sorted);
  line.add_flag("offset", "requests|start-day",
                "what the quota's offset means: requests taken off a key's\n"
                "first period (default), or the day on which periods start",
                &offset);
  line.add_flag("method-throttle", "replaces-plan|adds-to-plan",
                "whether a method's throttle replaces the plan's\n"
                "(default), or both must admit",
                &method_throttle);
  line.add_flag("top", "N",
                "how many keys to list, 0 for all; default 20, in JSON all",
                &top);
  line.add_flag("show-keys",
                "show secret keys, the values of API keys, in full",
                &show_keys);
  line.add_flag("ascii", "draw with ASCII even if the locale has UTF-8",
                &ascii);
  line.add_flag("output", "text|json", "default text", &output);
  if (const auto exit_code = line.parse(arguments, 0, console)) {
    return *exit_code;
  }
  if (plan_path.empty() || log_paths.empty()) {
    return line.usage_error(console, "--plan and --log are required");
  }
  if ((plan_path == "-" ? 1 : 0) +
          std::count(log_paths.begin(), log_paths.end(), "-") >
      1) {
    return line.usage_error(console,
                            "only one of the files can be standard input");
  }
  if (log_paths.size() > kMaxLogs) {
    return line.usage_error(console,
                            absl::StrCat("--log: at most ", kMaxLogs,
                                         " logs; more can be concatenated"));
  }
  ReplayOptions options;
  if (!format.empty()) {
    options.format = find_log_format(format);
    if (options.format == nullptr) {
      return line.usage_error(
          console, absl::StrCat("--format: expected ", log_format_names(),
                                "; got ", excerpt(format)));
    }
  }
  ReportStyle style;
  style.utf8 = console.utf8 && !ascii;
  style.show_keys = show_keys;
  std::size_t count = output == "json" ? 0 : 20;
  if (!top.empty() &&
      !(is_plain_number(top) && absl::SimpleAtoi(top, &count))) {
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

  options.fields.key = key;
  (is_stage_name(stage) ? options.stage : options.fields.stage) = stage;
  options.sorted = sorted;
  if (offset == "start-day") {
    options.rules.quota_offset = QuotaOffset::kStartDay;
  }
  if (method_throttle == "adds-to-plan") {
    options.rules.method_throttle = MethodThrottle::kAddsToPlan;
  }
  if (!options.stage.empty() && !has_stage(plan->plan, options.stage)) {
    report_error(console, plan_path,
                 absl::StrCat("the plan has no stage ", excerpt(stage)));
    return kExitRefused;
  }

  const Logs logs(log_paths, console);
  if (!logs.check(console)) return kExitUsage;
  ReplayReport report;
  std::optional<ReplayError> error;
  {
    Progress progress(console);
    options.progress = [&progress](std::string_view phase, std::int64_t lines) {
      progress.show(phase, lines);
    };
    error = replay(logs.all(), plan->plan, options, &report);
  }
  if (error) {
    report_error(console, log_paths[error->log], error->message, error->line);
    return error->is_input_error ? kExitUsage : kExitRefused;
  }
  int exit_code = kExitOk;
  for (const LogReport& log : report.logs) {
    if (log.error.empty()) continue;
    report_error(console, log.path,
                 absl::StrCat(log.error, " after line ", log.lines,
                              "; the lines before are replayed"));
    exit_code = kExitRefused;
  }
  if (output == "json") {
    console.out << report_to_json(report, style);
  } else {
    report_malformed(console, report);
    console.out << report_to_text(report, style);
  }
  return exit_code;
}

}  // namespace weir::cli
