#include "cli/diff_command.h"

#include <ostream>

#include "cli/command_line.h"
#include "cli/operand_files.h"
#include "json/json_reader.h"
#include "json/json_writer.h"
#include "patch/json_diff.h"
#include "patch/patch_document.h"
#include "plan/plan_diff.h"
#include "plan/plan_json.h"

namespace weir::cli {
namespace {

// Prints what `compare` makes of the two documents that `parse` reads, as
// `print` writes it.
template <typename Parse, typename Compare, typename Print>
int diff(const OperandFile& before_file, const OperandFile& after_file,
         JsonStyle style, const Console& console, Parse parse, Compare compare,
         Print print) {
  const auto before = parse(before_file.text);
  if (!before.ok()) return refuse(before_file, before.status(), console);
  const auto after = parse(after_file.text);
  if (!after.ok()) return refuse(after_file, after.status(), console);
  const auto operations = compare(*before, *after);
  if (!operations.ok()) return refuse(after_file, operations.status(), console);
  console.out << print(*operations, style) << "\n";
  return kExitOk;
}

}  // namespace

int run_diff(absl::Span<const std::string> arguments, const Console& console) {
  std::string type = "json";
  std::string output = "text";
  CommandLine line(
      "diff BEFORE.json AFTER.json [flags]",
      "Prints the patch that makes AFTER of BEFORE, for `weir patch` to "
      "apply.\n"
      "It is empty if they are equal: two documents that differ are no error.\n"
      "One of the files may be \"-\" for standard input. Exit code: 0 "
      "printed,\n"
      "1 refused, 2 not read.");
  line.add_flag("type", "json|usage-plan",
                "what the documents are: any JSON (default), for a JSON Patch\n"
                "(RFC 6902); or usage plans, for {\"patchOperations\": [...]} "
                "as\n`aws apigateway update-usage-plan` takes it",
                &type);
  line.add_flag("output", "text|json",
                "an operation a line (text, default) or all in one (json)",
                &output);
  if (const auto exit_code = line.parse(arguments, 2, console)) {
    return *exit_code;
  }
  const auto files = read_operands(line, console);
  if (!files) return kExitUsage;
  const auto& [before, after] = *files;
  const JsonStyle style =
      output == "json" ? JsonStyle::kCompact : JsonStyle::kPretty;
  return type == "json"
             ? diff(before, after, style, console, parse_json, json_diff,
                    json_patch_to_json)
             : diff(before, after, style, console, usage_plan_from_json,
                    diff_usage_plans, patch_operations_to_json);
}

}  // namespace weir::cli
