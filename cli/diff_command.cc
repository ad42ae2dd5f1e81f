#include "weir/cli/diff_command.h"

#include <cstddef>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "weir/cli/command_line.h"
#include "weir/cli/operand_files.h"
#include "weir/cli/plan_file.h"
#include "weir/json/json_reader.h"
#include "weir/json/json_writer.h"
#include "weir/patch/json_diff.h"
#include "weir/patch/patch_document.h"
#include "weir/plan/plan_diff.h"
#include "weir/plan/plan_json.h"
#include "weir/plan_files/filed_plan.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir::cli {
namespace {

int diff_json(const OperandFile& before_file, const OperandFile& after_file,
              JsonStyle style, const Console& console) {
  const auto before = parse_json(before_file.text);
  if (!before.ok()) return refuse(before_file, before.status(), console);
  const auto after = parse_json(after_file.text);
  if (!after.ok()) return refuse(after_file, after.status(), console);
  const auto operations = patch::json_diff(*before, *after);
  if (!operations.ok()) return refuse(after_file, operations.status(), console);
  console.out << patch::json_patch_to_json(*operations, style) << "\n";
  return kExitOk;
}

// Drops the tags set by AWS itself, which users cannot change.
void drop_tags_of_aws(v1::UsagePlan* plan) {
  std::vector<std::string> names;
  for (const auto& [name, value] : plan->tags()) {
    if (absl::StartsWith(name, "aws:")) names.push_back(name);
  }
  for (const std::string& name : names) plan->mutable_tags()->erase(name);
}

// Copies to `to` what `from` has and documents of `to`'s kind cannot hold, so
// that the patch does not change it.
void complete(const PlanFile& from, PlanFile* to) {
  if (to->may_have_id || !from.may_have_id) return;
  to->plan.set_id(from.plan.id());
  to->plan.set_product_code(from.plan.product_code());
}

// "/tags: message" as a problem at the corresponding place of the plan's file.
PlanFileProblem problem_of(const PlanFile& file, const absl::Status& status) {
  std::string message(status.message());
  const std::size_t end = message.find(": ");
  if (!absl::StartsWith(message, "/") || end == message.npos) {
    return {DocumentPlace(), std::move(message)};
  }
  return {file.places.find(message.substr(0, end)), message.substr(end + 2)};
}

int diff_plans(const std::string& before_argument,
               const std::string& after_argument, JsonStyle style,
               const Console& console) {
  // Not validated, because the change may be what makes the plan valid.
  auto before = read_plan(before_argument, std::nullopt, console);
  if (!before) return kExitUsage;
  auto after = read_plan(after_argument, std::nullopt, console);
  if (!after) return kExitUsage;
  report_problems(console, before_argument, before->problems);
  report_problems(console, after_argument, after->problems);
  if (!before->problems.empty() || !after->problems.empty()) {
    return kExitRefused;
  }
  complete(*before, &*after);
  complete(*after, &*before);
  drop_tags_of_aws(&before->plan);
  drop_tags_of_aws(&after->plan);
  const auto operations = diff_usage_plans(before->plan, after->plan);
  if (!operations.ok()) {
    report_problems(console, after_argument,
                    {problem_of(*after, operations.status())});
    return kExitRefused;
  }
  console.out << patch_operations_to_json(*operations, style) << "\n";
  return kExitOk;
}

}  // namespace

int run_diff(absl::Span<const std::string> arguments, const Console& console) {
  std::string type = "json";
  std::string output = "text";
  CommandLine line(
      "diff BEFORE.json AFTER.json [flags]",
      "Prints the patch that turns BEFORE into AFTER, for `weir patch`.\n"
      "It is empty if they are equal; a difference is not an error.\n"
      "One of the files may be \"-\" for standard input. Exit code: 0 "
      "printed,\n"
      "1 refused, 2 not read.");
  line.add_flag("type", "json|usage-plan",
                "what the documents are: any JSON (default), for a JSON Patch\n"
                "(RFC 6902); or usage plans, for {\"patchOperations\": [...]} "
                "as\n`aws apigateway update-usage-plan` takes it, in files of\n"
                "every kind that `weir validate` reads; FILE#NAME is one plan\n"
                "of several",
                &type);
  line.add_flag("output", "text|json",
                "one operation per line (text, default) or all in one (json)",
                &output);
  if (const auto exit_code = line.parse(arguments, 2, console)) {
    return *exit_code;
  }
  const JsonStyle style =
      output == "json" ? JsonStyle::kCompact : JsonStyle::kPretty;
  if (type == "usage-plan") {
    const std::string& before = line.operands()[0];
    const std::string& after = line.operands()[1];
    if (plan_address(before).path == "-" && plan_address(after).path == "-") {
      return line.usage_error(console, kOneStandardInput);
    }
    return diff_plans(before, after, style, console);
  }
  const auto files = read_operands(line, console);
  if (!files) return kExitUsage;
  return diff_json(files->first, files->second, style, console);
}

}  // namespace weir::cli
