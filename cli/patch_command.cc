#include "weir/cli/patch_command.h"

#include <optional>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "weir/cli/command_line.h"
#include "weir/cli/operand_files.h"
#include "weir/cli/plan_file.h"
#include "weir/json/json_reader.h"
#include "weir/json/json_value.h"
#include "weir/json/json_writer.h"
#include "weir/patch/json_patch.h"
#include "weir/patch/patch_document.h"
#include "weir/plan/plan_json.h"
#include "weir/plan/plan_patch.h"
#include "weir/plan/validation.h"

namespace weir::cli {
namespace {

int patch_json(const OperandFile& document, const OperandFile& patch,
               JsonStyle style, const Console& console) {
  auto patched = parse_json(document.text);
  if (!patched.ok()) return refuse(document, patched.status(), console);
  const auto operations = patch::json_patch_from_json(patch.text);
  if (!operations.ok()) return refuse(patch, operations.status(), console);
  // The default limits are for untrusted patches. Here, every patch that could
  // be read may be applied.
  patch::PatchLimits limits;
  limits.max_operations = kMaxJsonValues;
  limits.max_pointer_bytes = kMaxJsonBytes;
  const absl::Status status =
      patch::apply_json_patch(*operations, &*patched, limits);
  if (!status.ok()) return refuse(patch, status, console);
  console.out << value_to_json(*patched, style) << "\n";
  return kExitOk;
}

int patch_plan(const std::string& document, const OperandFile& patch,
               const PlanRules& rules, JsonStyle style,
               const Console& console) {
  // Not validated, because the patch may be what makes the plan valid.
  const auto plan = read_plan(document, std::nullopt, console);
  if (!plan) return kExitUsage;
  report_problems(console, document, plan->problems);
  if (!plan->problems.empty()) return kExitRefused;
  const auto operations = patch_operations_from_json(patch.text);
  if (!operations.ok()) return refuse(patch, operations.status(), console);
  const auto patched = patch_usage_plan(plan->plan, *operations, rules);
  if (!patched.ok()) return refuse(patch, patched.status(), console);
  console.out << usage_plan_to_json(*patched, style) << "\n";
  return kExitOk;
}

}  // namespace

int run_patch(absl::Span<const std::string> arguments, const Console& console) {
  std::string type = "json";
  std::string offset;
  std::string output = "text";
  CommandLine line(
      "patch DOCUMENT.json PATCH.json [flags]",
      "Applies a patch to a document and prints the result. All operations\n"
      "apply, or none. One of the files may be \"-\" for standard input. Exit "
      "code: 0\n"
      "patched, 1 refused, 2 not read.");
  line.add_flag(
      "type", "json|usage-plan",
      "what the document is: any JSON (default), with a JSON Patch\n"
      "(RFC 6902); or a usage plan, with the patch operations of API\n"
      "Gateway, as {\"patchOperations\": [...]} or the bare array: "
      "the\nresulting plan must be valid",
      &type);
  line.add_flag("offset", "requests|start-day",
                "what the offset of a plan's quota means: requests taken off "
                "a\nkey's first period (default), or the day on which periods "
                "start",
                &offset);
  line.add_flag("output", "text|json",
                "indented JSON (text, default) or JSON in one line (json)",
                &output);
  if (const auto exit_code = line.parse(arguments, 2, console)) {
    return *exit_code;
  }
  if (type == "json" && !offset.empty()) {
    return line.usage_error(console, "--offset needs --type=usage-plan");
  }
  const JsonStyle style =
      output == "json" ? JsonStyle::kCompact : JsonStyle::kPretty;
  if (type == "usage-plan") {
    const std::string& document = line.operands()[0];
    const std::string& path = line.operands()[1];
    if (plan_address(document).path == "-" && path == "-") {
      return line.usage_error(console, kOneStandardInput);
    }
    const auto patch = read_operand(path, console);
    return patch ? patch_plan(document, *patch, plan_rules(offset), style,
                              console)
                 : kExitUsage;
  }
  const auto files = read_operands(line, console);
  if (!files) return kExitUsage;
  return patch_json(files->first, files->second, style, console);
}

}  // namespace weir::cli
