#include "cli/validate_command.h"

#include <optional>
#include <ostream>
#include <utility>
#include <vector>

#include "cli/command_line.h"
#include "cli/input.h"
#include "cli/plan_file.h"
#include "cli/printable.h"
#include "json/json_writer.h"
#include "plan/validation.h"

namespace weir::cli {
namespace {

std::string problems_to_json(const std::vector<PlanProblem>& problems) {
  JsonWriter json(JsonStyle::kPretty);
  json.begin_object();
  json.key("valid");
  json.boolean(problems.empty());
  json.key("problems");
  json.begin_array();
  for (const PlanProblem& problem : problems) {
    json.begin_object();
    json.key("path");
    json.string(problem.path);
    json.key("message");
    json.string(problem.message);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return std::move(json).text() + "\n";
}

}  // namespace

int run_validate(absl::Span<const std::string> arguments,
                 const Console& console) {
  std::string output = "text";
  std::string offset = "requests";
  CommandLine line(
      "validate PLAN.json [flags]",
      "Checks a usage plan, as `aws apigateway get-usage-plan` prints it, and\n"
      "names every problem with its place in the document. PLAN.json may be\n"
      "\"-\" for standard input. Exit code: 0 valid, 1 invalid, 2 not read.");
  line.add_flag("offset", "requests|start-day",
                "what the quota's offset means: requests taken off a key's\n"
                "first period (default), or the day on which periods start",
                &offset);
  line.add_flag("output", "text|json", "default text", &output);
  if (const auto exit_code = line.parse(arguments, 1, console)) {
    return *exit_code;
  }

  const std::string& path = line.operands()[0];
  const std::optional<PlanFile> plan =
      read_plan(path, plan_rules(offset), console);
  if (!plan) return kExitUsage;
  if (output == "json") {
    console.out << problems_to_json(plan->problems);
  } else if (plan->problems.empty()) {
    console.out << (path == "-" ? "standard input"
                                : printable(path, console.utf8))
                << ": valid\n";
  } else {
    report_problems(console, path, plan->problems);
  }
  return plan->problems.empty() ? kExitOk : kExitRefused;
}

}  // namespace weir::cli
