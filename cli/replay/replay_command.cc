#include "weir/cli/replay/replay_command.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
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
    absl::StrAppendFormat(&text, "  %-16s %s\n", internal::to_absl(format.name),
                          internal::to_absl(format.title));
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

// What the command line says, as it is written.
struct Arguments {
  std::string plan_path, format, key, stage, top;
  std::vector<std::string> log_paths;
  std::string offset = "requests";
  std::string method_throttle = "replaces-plan";
  std::string output = "text";
  bool sorted = false, show_keys = false, ascii = false;
};

void add_flags(CommandLine& line, Arguments& arguments) {
  line.add_flag(
      "plan", "PLAN.json",
      "the usage plan, in a file of any kind that `weir validate` reads;\n"
      "FILE#NAME is one plan of several; required",
      &arguments.plan_path);
  line.add_flag(
      "log", "FILE",
      "an access log; required. May be repeated: the logs are merged in\n"
      "the order of time",
      &arguments.log_paths);
  line.add_flag("format", "NAME", "the format of the logs; default: detected",
                &arguments.format);
  line.add_flag(
      "key", "FIELD",
      "the field that identifies the caller, by its name in the format,\n"
      "such as user or apiKeyId; in JSON also request.headers.X-Api-Key[0]\n"
      "or a JSON Pointer. Default: see docs/logs.md",
      &arguments.key);
  line.add_flag("stage", "STAGE",
                "apiId:stage, for lines without a stage (default: the plan's\n"
                "first); or, without a colon, the field that holds the stage",
                &arguments.stage);
  line.add_flag("sorted",
                "each log is sorted by time: do not keep it in memory",
                &arguments.sorted);
  line.add_flag("offset", "requests|start-day",
                "what the quota's offset means: requests taken off a key's\n"
                "first period (default), or the day on which periods start",
                &arguments.offset);
  line.add_flag("method-throttle", "replaces-plan|adds-to-plan",
                "whether a method's throttle replaces the plan's\n"
                "(default), or both must admit",
                &arguments.method_throttle);
  line.add_flag("top", "N",
                "how many keys to list, 0 for all; default 20, in JSON all",
                &arguments.top);
  line.add_flag("show-keys",
                "show secret keys, the values of API keys, in full",
                &arguments.show_keys);
  line.add_flag("ascii", "draw with ASCII even if the locale has UTF-8",
                &arguments.ascii);
  line.add_flag("output", "text|json", "default text", &arguments.output);
}

// Whether the arguments can be meant together; reports what cannot.
std::optional<int> check_paths(const Arguments& arguments,
                               const CommandLine& line,
                               const Console& console) {
  const std::vector<std::string>& logs = arguments.log_paths;
  if (arguments.plan_path.empty() || logs.empty()) {
    return line.usage_error(console, "--plan and --log are required");
  }
  if ((arguments.plan_path == "-" ? 1 : 0) +
          std::count(logs.begin(), logs.end(), "-") >
      1) {
    return line.usage_error(console,
                            "only one of the files can be standard input");
  }
  if (logs.size() > kMaxLogs) {
    return line.usage_error(console,
                            absl::StrCat("--log: at most ", kMaxLogs,
                                         " logs; more can be concatenated"));
  }
  return std::nullopt;
}

// Sets `options` as the arguments say. Returns an exit code, after reporting
// the error, if they are wrong.
std::optional<int> read_options(const Arguments& arguments,
                                const CommandLine& line, const Console& console,
                                ReplayOptions& options) {
  if (!arguments.format.empty()) {
    options.format = find_log_format(arguments.format);
    if (options.format == nullptr) {
      return line.usage_error(
          console, absl::StrCat("--format: expected ", log_format_names(),
                                "; got ", internal::excerpt(arguments.format)));
    }
  }
  options.fields.key = arguments.key;
  (is_stage_name(arguments.stage) ? options.stage : options.fields.stage) =
      arguments.stage;
  options.sorted = arguments.sorted;
  if (arguments.offset == "start-day") {
    options.rules.quota_offset = QuotaOffset::kStartDay;
  }
  if (arguments.method_throttle == "adds-to-plan") {
    options.rules.method_throttle = MethodThrottle::kAddsToPlan;
  }
  return std::nullopt;
}

// The same for `style`.
std::optional<int> read_style(const Arguments& arguments,
                              const CommandLine& line, const Console& console,
                              ReportStyle& style) {
  style.utf8 = console.utf8 && !arguments.ascii;
  style.show_keys = arguments.show_keys;
  const std::string& top = arguments.top;
  std::size_t count = arguments.output == "json" ? 0 : 20;
  if (!top.empty() &&
      !(is_plain_number(top) && absl::SimpleAtoi(top, &count))) {
    return line.usage_error(
        console,
        absl::StrCat("--top: expected a number, got ", internal::excerpt(top)));
  }
  if (count > 0) style.top = count;
  return std::nullopt;
}

// Reads a plan that has the replay's stage. Otherwise reports the error, and
// sets `exit_code`.
std::optional<v1::UsagePlan> read_replayed_plan(const Arguments& arguments,
                                                const ReplayOptions& options,
                                                const Console& console,
                                                int& exit_code) {
  const std::string& path = arguments.plan_path;
  std::optional<PlanFile> file =
      read_plan(path, plan_rules(arguments.offset), console);
  exit_code = kExitUsage;
  if (!file) return std::nullopt;
  exit_code = kExitRefused;
  if (!file->problems.empty()) {
    report_problems(console, path, file->problems);
    return std::nullopt;
  }
  if (!options.stage.empty() && !has_stage(file->plan, options.stage)) {
    report_error(console, path,
                 absl::StrCat("the plan has no stage ",
                              internal::excerpt(options.stage)));
    return std::nullopt;
  }
  return std::move(file->plan);
}

std::optional<ReplayError> replay_with_progress(const Logs& logs,
                                                const v1::UsagePlan& plan,
                                                ReplayOptions options,
                                                const Console& console,
                                                ReplayReport& report) {
  Progress progress(console);
  options.progress = [&progress](std::string_view phase, std::int64_t lines) {
    progress.show(phase, lines);
  };
  return replay(logs.all(), plan, options, &report);
}

// Reports the logs that could not be read to their ends. Returns whether there
// are none.
bool report_broken_logs(const Console& console, const ReplayReport& report) {
  bool complete = true;
  for (const LogReport& log : report.logs) {
    if (log.error.empty()) continue;
    report_error(console, log.path,
                 absl::StrCat(log.error, " after line ", log.lines,
                              "; the lines before are replayed"));
    complete = false;
  }
  return complete;
}

}  // namespace

int run_replay(absl::Span<const std::string> words, const Console& console) {
  Arguments arguments;
  const std::string text = description();
  CommandLine line("replay --plan=PLAN.json --log=FILE... [flags]", text);
  add_flags(line, arguments);
  ReplayOptions options;
  ReportStyle style;
  auto exit_code = line.parse(words, 0, console);
  if (!exit_code) exit_code = check_paths(arguments, line, console);
  if (!exit_code) exit_code = read_options(arguments, line, console, options);
  if (!exit_code) exit_code = read_style(arguments, line, console, style);
  if (exit_code) return *exit_code;

  int plan_error = kExitOk;
  const auto plan = read_replayed_plan(arguments, options, console, plan_error);
  if (!plan) return plan_error;
  const Logs logs(arguments.log_paths, console);
  if (!logs.check(console)) return kExitUsage;

  ReplayReport report;
  if (const auto error =
          replay_with_progress(logs, *plan, options, console, report)) {
    report_error(console, arguments.log_paths[error->log], error->message,
                 error->line);
    return error->is_input_error ? kExitUsage : kExitRefused;
  }
  const bool complete = report_broken_logs(console, report);
  if (arguments.output == "json") {
    console.out << report_to_json(report, style);
  } else {
    report_malformed(console, report);
    console.out << report_to_text(report, style);
  }
  return complete ? kExitOk : kExitRefused;
}

}  // namespace weir::cli
