#include "weir/cli/export_command.h"

#include <cstdint>
#include <memory>
#include <ostream>
#include <utility>

#include "absl/status/status.h"
#include "weir/backup/backup.h"
#include "weir/cli/atomic_file.h"
#include "weir/cli/command_line.h"
#include "weir/cli/input.h"
#include "weir/cli/open_store.h"
#include "weir/cli/progress.h"

namespace weir::cli {
namespace {

constexpr char kDescription[] =
    "Writes the whole content of a store as JSON lines for `weir import`:\n"
    "plans, keys, associations, and the usage of each day up to now. The "
    "store\n"
    "may be in use: its folder is not changed.\n"
    "\n"
    "The export contains the keys' values: it is as secret as the store. Exit\n"
    "code: 0 written; 1 the store is damaged; 2 not read, or not written.";

}  // namespace

int run_export(absl::Span<const std::string> arguments,
               const Console& console) {
  std::string folder, path;
  CommandLine line("export --store=FOLDER [-o FILE]", kDescription);
  line.add_flag("store", "FOLDER", "the store's folder; required", &folder);
  line.add_flag(
      "o", "FILE",
      "where to; readable by its owner alone, and replaced only when\n"
      "all is written. Default: standard output",
      &path);
  if (const auto exit_code = line.parse(arguments, 0, console)) {
    return *exit_code;
  }
  if (folder.empty()) return line.usage_error(console, "--store is required");

  const auto fail = [&console](const absl::Status& status) {
    report_error(console, status);
    return absl::IsDataLoss(status) ? kExitRefused : kExitUsage;
  };
  const auto store = open_to_read(folder);
  if (!store.ok()) return fail(store.status());
  std::unique_ptr<StagedFile> file;
  if (!path.empty() && path != "-") {
    auto created = StagedFile::create(path);
    if (!created.ok()) return fail(created.status());
    file = *std::move(created);
  }
  absl::Status status;
  {
    Progress progress(console);
    status = export_store(
        **store, file == nullptr ? console.out : file->stream(),
        [&](std::int64_t lines) { progress.show("exported", lines); });
  }
  if (status.ok() && file != nullptr) status = file->commit();
  return status.ok() ? kExitOk : fail(status);
}

}  // namespace weir::cli
