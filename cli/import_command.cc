#include "cli/import_command.h"

#include <cstdint>
#include <istream>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/command_line.h"
#include "cli/input.h"
#include "cli/open_store.h"
#include "cli/plan_file.h"
#include "cli/progress.h"
#include "cli/staged.h"
#include "store/backup.h"
#include "store/sqlite_store.h"

namespace weir::cli {
namespace {

constexpr char kDescription[] =
    "Makes a store of what `weir export` wrote. FILE is standard input if it "
    "is\n"
    "\"-\" or left out. The folder must not be there yet, or be empty: it\n"
    "appears when all was read, checked and written, or not at all. Exit "
    "code:\n"
    "0 made; 1 the file is not a whole export, or the folder is not empty;\n"
    "2 not read, or not written.";

// Makes the store, and looks whether an enforcer can begin with it.
absl::Status make_store(std::istream& in, const PlanRules& rules,
                        const std::string& folder, const Console& console) {
  auto store = SqliteStore::open(folder);
  if (!store.ok()) return store.status();
  Progress progress(console);
  const auto lines = import_store(in, rules, **store, [&](std::int64_t done) {
    progress.show("imported", done);
  });
  if (!lines.ok()) return lines.status();
  store->reset();
  auto made = open_to_read(folder);
  if (!made.ok()) return made.status();
  const auto enforcer = enforcer_of(*std::move(made), rules);
  return enforcer.ok()
             ? absl::OkStatus()
             : absl::InvalidArgumentError(enforcer.status().message());
}

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
  absl::Status status = make_store(input.stream(), plan_rules(offset),
                                   (*staged)->staging(), console);
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
