#include "weir/cli/validate_command.h"

#include <algorithm>
#include <cstdint>
#include <ostream>
#include <utility>

#include "weir/cli/command_line.h"
#include "weir/cli/plan_file.h"
#include "weir/cli/printable.h"
#include "weir/json/json_writer.h"
#include "weir/plan_files/filed_plan.h"

namespace weir::cli {
namespace {

std::string problems_to_json(absl::Span<const PlanFile> plans, bool valid) {
  JsonWriter json(JsonStyle::kPretty);
  json.begin_object();
  json.key("valid");
  json.boolean(valid);
  json.key("problems");
  json.begin_array();
  for (const PlanFile& plan : plans) {
    for (const PlanFileProblem& problem : plan.problems) {
      json.begin_object();
      json.key("path");
      json.string(problem.place.path);
      if (problem.place.line > 0) {
        json.key("line");
        json.number(std::int64_t{problem.place.line});
      }
      json.key("message");
      json.string(problem.message);
      json.end_object();
    }
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
      "validate PLANS [flags]",
      "Checks the usage plans in a file, and reports every problem with its\n"
      "position. JSON or YAML: the output of `aws apigateway get-usage-plan` "
      "or\n"
      "get-usage-plans, a CloudFormation template (also from CDK, SAM or the\n"
      "Serverless Framework), or `terraform show -json`. PLANS may be \"-\" "
      "for\n"
      "standard input; FILE#NAME checks one plan of several. Exit code:\n"
      "0 valid, 1 invalid, 2 not read.");
  line.add_flag("offset", "requests|start-day",
                "what the quota's offset means: requests taken off a key's\n"
                "first period (default), or the day on which periods start",
                &offset);
  line.add_flag("output", "text|json", "default text", &output);
  if (const auto exit_code = line.parse(arguments, 1, console)) {
    return *exit_code;
  }

  const std::string& argument = line.operands()[0];
  const auto plans = read_plans(argument, plan_rules(offset), console);
  if (!plans) return kExitUsage;
  const bool valid =
      std::all_of(plans->begin(), plans->end(),
                  [](const PlanFile& plan) { return plan.problems.empty(); });
  if (output == "json") {
    console.out << problems_to_json(*plans, valid);
  } else if (valid) {
    console.out << (argument == "-" ? "standard input"
                                    : printable(argument, console.utf8))
                << ": valid";
    if (plans->size() > 1) console.out << ": " << plans->size() << " plans";
    console.out << "\n";
  } else {
    for (const PlanFile& plan : *plans) {
      report_problems(console, argument, plan.problems);
    }
  }
  return valid ? kExitOk : kExitRefused;
}

}  // namespace weir::cli
