#include "cli/patch_command.h"

#include <ostream>

#include "cli/command_line.h"
#include "cli/input.h"
#include "cli/plan_file.h"
#include "plan/plan_json.h"
#include "plan/plan_patch.h"

namespace weir::cli {

int run_patch(absl::Span<const std::string> arguments, const Console& console) {
  std::string type = "usage-plan";
  std::string offset = "requests";
  std::string output = "text";
  CommandLine line(
      "patch PLAN.json PATCH.json [flags]",
      "Prints the document that a patch makes of another. The patch is\n"
      "{\"patchOperations\": [...]} as clients of API Gateway send it, or the\n"
      "bare array. All operations apply, or none; the result has to be valid.\n"
      "One of the files may be \"-\" for standard input. Exit code: 0 "
      "patched,\n"
      "1 refused, 2 not read.");
  line.add_flag("type", "TYPE",
                "what the document is: usage-plan (default, and the only one)",
                &type);
  line.add_flag("offset", "requests|start-day",
                "what the quota's offset means: requests taken off a key's\n"
                "first period (default), or the day on which periods start",
                &offset);
  line.add_flag("output", "text|json",
                "indented JSON (text, default) or JSON in one line (json)",
                &output);
  if (const auto exit_code = line.parse(arguments, 2, console)) {
    return *exit_code;
  }
  if (type != "usage-plan") {
    return line.usage_error(console,
                            "--type: the only type of document is usage-plan");
  }
  const std::string& plan_path = line.operands()[0];
  const std::string& patch_path = line.operands()[1];
  if (plan_path == "-" && patch_path == "-") {
    return line.usage_error(console,
                            "only one of the files can be standard input");
  }

  const auto fail = [&console](const std::string& path,
                               const absl::Status& status, int exit_code) {
    report_error(console, path, std::string(status.message()));
    return exit_code;
  };
  const auto plan_text = read_document(plan_path, console);
  if (!plan_text.ok()) return fail(plan_path, plan_text.status(), kExitUsage);
  const auto patch_text = read_document(patch_path, console);
  if (!patch_text.ok()) {
    return fail(patch_path, patch_text.status(), kExitUsage);
  }
  // The plan itself is not validated: a patch may be what makes it valid.
  const auto plan = usage_plan_from_json(*plan_text);
  if (!plan.ok()) return fail(plan_path, plan.status(), kExitRefused);
  const auto operations = patch_operations_from_json(*patch_text);
  if (!operations.ok()) {
    return fail(patch_path, operations.status(), kExitRefused);
  }
  const auto patched = patch_usage_plan(*plan, *operations, plan_rules(offset));
  if (!patched.ok()) return fail(patch_path, patched.status(), kExitRefused);

  console.out << usage_plan_to_json(*patched, output == "json"
                                                  ? JsonStyle::kCompact
                                                  : JsonStyle::kPretty)
              << "\n";
  return kExitOk;
}

}  // namespace weir::cli
