#include "weir/cli/import_command.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "weir/backup/backup.h"
#include "weir/cli/atomic_file.h"
#include "weir/cli/command_line.h"
#include "weir/cli/input.h"
#include "weir/cli/new_store.h"
#include "weir/cli/plan_file.h"
#include "weir/cli/progress.h"
#include "weir/plan/validation.h"
#include "weir/store/store.h"

namespace weir::cli {
namespace {

constexpr char kDescription[] =
    "Creates a store from the output of `weir export`. FILE is standard input\n"
    "if it is \"-\" or omitted. The folder must be missing or empty: it "
    "appears\n"
    "after everything was read, checked and written, or not at all. Exit "
    "code:\n"
    "0 created; 1 the file is not a complete export, or the folder is not\n"
    "empty; 2 not read, or not written.";

}  // namespace

int run_import(absl::Span<const std::string> arguments,
               const Console& console) {
  std::string folder;
  std::string offset = "requests";
  CommandLine line("import --store=FOLDER [FILE]", kDescription);
  line.add_flag("store", "FOLDER", "the new store's folder; required", &folder);
  line.add_flag("offset", "requests|start-day",
                "what the quotas' offsets mean: requests taken off a key's\n"
                "first period (default), or the day on which periods start",
                &offset);
  if (const auto exit_code = line.parse(arguments, 0, console, 1)) {
    return *exit_code;
  }
  if (folder.empty()) return line.usage_error(console, "--store is required");
  const std::string path = line.operands().empty() ? "-" : line.operands()[0];

  Input input(path, console);
  if (!input.status().ok()) {
    report_error(console, path, std::string(input.status().message()));
    return kExitUsage;
  }
  if (const absl::Status mark = input.skip_byte_order_mark(); !mark.ok()) {
    report_error(console, path, std::string(mark.message()));
    return absl::IsInvalidArgument(mark) ? kExitRefused : kExitUsage;
  }
  const auto staged = StagedFolder::create(folder);
  if (!staged.ok()) {
    report_error(console, staged.status());
    return absl::IsFailedPrecondition(staged.status()) ? kExitRefused
                                                       : kExitUsage;
  }
  const PlanRules rules = plan_rules(offset);
  absl::Status status;
  {
    Progress progress(console);
    status = make_store((*staged)->staging(), rules, [&](Store& store) {
      return import_store(
                 input.stream(), rules, store,
                 [&](std::int64_t lines) { progress.show("imported", lines); })
          .status();
    });
  }
  if (status.ok()) status = (*staged)->commit();
  if (status.ok()) return kExitOk;
  if (!input.status().ok()) {
    report_error(console, path, std::string(input.status().message()));
    return kExitUsage;
  }
  if (absl::IsInvalidArgument(status)) {
    report_error(console, path, std::string(status.message()));
    return kExitRefused;
  }
  report_error(console, status);
  return kExitUsage;
}

}  // namespace weir::cli
