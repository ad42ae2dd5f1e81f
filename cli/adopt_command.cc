#include "weir/cli/adopt_command.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <ostream>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "weir/adopt/adoption.h"
#include "weir/adopt/aws_dump.h"
#include "weir/base/text.h"
#include "weir/cli/atomic_file.h"
#include "weir/cli/command_line.h"
#include "weir/cli/input.h"
#include "weir/cli/new_store.h"
#include "weir/cli/plan_file.h"
#include "weir/cli/printable.h"
#include "weir/cli/progress.h"
#include "weir/json/json_writer.h"
#include "weir/quota/date.h"
#include "weir/store/store.h"

namespace weir::cli {
namespace {

namespace fs = std::filesystem;

constexpr char kDescription[] =
    "Creates a store from what the AWS CLI prints about API Gateway: the\n"
    "answers of get-usage-plans, get-api-keys --include-values, and of\n"
    "get-usage-plan-keys and get-usage for each plan, in files of one folder.\n"
    "docs/adopt.md has the commands. Adopts all plans, keys, associations, "
    "tags\n"
    "and usage, or nothing: the store's folder must be missing or empty, and\n"
    "appears after everything was checked and written.\n"
    "\n"
    "Reports what a store cannot hold, and what has no effect. Exit code:\n"
    "0 adopted; 1 the dump is incomplete, or the folder is not empty; 2 not\n"
    "read, or not written.";

constexpr std::size_t kMaxNames = 10;

// "1 key", "1,200 keys"
std::string counted(std::size_t count, std::string_view thing) {
  return absl::StrCat(with_commas(static_cast<std::int64_t>(count)), " ",
                      internal::to_absl(thing), count == 1 ? "" : "s");
}

// The files of the folder, sorted by name.
absl::StatusOr<std::vector<fs::path>> files_in(const std::string& folder) {
  std::error_code error;
  std::vector<fs::path> files;
  fs::directory_iterator it(folder, error);
  for (; !error && it != fs::directory_iterator(); it.increment(error)) {
    files.push_back(it->path());
  }
  if (error) {
    return absl::NotFoundError(absl::StrCat(folder, ": ", error.message()));
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool is_document(const fs::path& path) {
  const fs::path extension = path.extension();
  return extension == ".json" || extension == ".yaml" || extension == ".yml";
}

// Reads all files. If one cannot be read, reports that and returns nullopt.
std::optional<AwsDump> read_dump(const std::string& folder,
                                 const Console& console) {
  const auto files = files_in(folder);
  if (!files.ok()) {
    report_error(console, files.status());
    return std::nullopt;
  }
  AwsDump dump;
  for (const fs::path& path : *files) {
    const std::string name = path.filename();
    if (!is_document(path)) {
      dump.notes["files that are neither JSON nor YAML"].push_back(name);
      continue;
    }
    const auto text = read_document(path, console, kMaxDumpFileBytes);
    if (!text.ok()) {
      report_error(console, path, std::string(text.status().message()));
      return std::nullopt;
    }
    dump.add(name, *text);
  }
  dump.finish();
  return dump;
}

void report_problems(const Console& console, const std::string& folder,
                     const std::vector<DumpProblem>& problems) {
  for (const DumpProblem& problem : problems) {
    const fs::path path = fs::path(folder) / problem.file;
    report_error(console, problem.file.empty() ? folder : path.string(),
                 problem.message, problem.line);
  }
}

void print_report(const AdoptionReport& report, const std::string& store,
                  const std::string& offset, bool dry_run,
                  const Console& console) {
  console.out << (dry_run ? "would adopt " : "adopted ")
              << counted(report.plans, "plan") << ", "
              << counted(report.keys, "key") << " and "
              << counted(report.associations, "association") << ", "
              << with_commas(
                     static_cast<std::int64_t>(report.used_associations))
              << " of them used, with usage from "
              << format_date(report.first_day) << " to "
              << format_date(report.last_day) << "\n";
  for (const auto& [what, names] : report.notes) {
    console.out << printable(what, console.utf8) << ": ";
    const std::size_t shown = std::min(names.size(), kMaxNames);
    for (std::size_t i = 0; i < shown; ++i) {
      console.out << (i > 0 ? ", " : "") << printable(names[i], console.utf8);
    }
    if (names.size() > shown) {
      console.out << " and "
                  << with_commas(
                         static_cast<std::int64_t>(names.size() - shown))
                  << " more";
    }
    console.out << "\n";
  }
  if (report.has_offsets) {
    console.out << "quotas have offsets, so serve the store with the same "
                   "meaning:\n  weir serve --store="
                << (store.empty() ? "FOLDER" : printable(store, console.utf8))
                << " --offset=" << offset << "\n";
  }
}

std::string report_to_json(const AdoptionReport& report,
                           const std::string& offset, bool dry_run) {
  JsonWriter json(JsonStyle::kPretty);
  const auto number = [&](std::string_view name, std::size_t value) {
    json.key(name);
    json.number(static_cast<std::int64_t>(value));
  };
  json.begin_object();
  json.key("adopted");
  json.boolean(!dry_run);
  number("plans", report.plans);
  number("keys", report.keys);
  number("associations", report.associations);
  number("usedAssociations", report.used_associations);
  json.key("firstDate");
  json.string(format_date(report.first_day));
  json.key("lastDate");
  json.string(format_date(report.last_day));
  json.key("offset");
  json.string(offset);
  json.key("notes");
  json.begin_array();
  for (const auto& [what, names] : report.notes) {
    json.begin_object();
    json.key("what");
    json.string(what);
    json.key("of");
    json.begin_array();
    for (const std::string& name : names) json.string(name);
    json.end_array();
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return std::move(json).text() + "\n";
}

// Makes the store at `path`, all or nothing.
int write_store(const Adoption& adoption, const PlanRules& rules,
                const std::string& path, const Console& console) {
  const auto staged = StagedFolder::create(path);
  if (!staged.ok()) {
    report_error(console, staged.status());
    return absl::IsFailedPrecondition(staged.status()) ? kExitRefused
                                                       : kExitUsage;
  }
  absl::Status status;
  {
    Progress progress(console);
    status = make_store((*staged)->staging(), rules, [&](Store& store) {
      return adoption.write(
          store, [&](std::int64_t lines) { progress.show("adopted", lines); });
    });
  }
  if (status.ok()) status = (*staged)->commit();
  if (status.ok()) return kExitOk;
  report_error(console, status);
  return absl::IsInvalidArgument(status) ? kExitRefused : kExitUsage;
}

}  // namespace

int run_adopt(absl::Span<const std::string> arguments, const Console& console) {
  std::string path;
  std::string offset = "start-day";
  std::string output = "text";
  bool dry_run = false;
  CommandLine line("adopt --store=FOLDER DUMP [flags]", kDescription);
  line.add_flag("store", "FOLDER", "the new store's folder; required", &path);
  line.add_flag("offset", "requests|start-day",
                "what the quotas' offsets mean: the day on which periods "
                "start\n(default, as API Gateway has them), or requests taken "
                "off a\nkey's first period",
                &offset);
  line.add_flag("dry-run", "check and report; --store is not needed", &dry_run);
  line.add_flag("output", "text|json", "of the report; default text", &output);
  if (const auto exit_code = line.parse(arguments, 1, console)) {
    return *exit_code;
  }
  if (path.empty() && !dry_run) {
    return line.usage_error(console, "--store is required");
  }
  const std::string& folder = line.operands()[0];
  const PlanRules rules = plan_rules(offset);
  auto dump = read_dump(folder, console);
  if (!dump.has_value()) return kExitUsage;
  Adoption adoption(rules, day_of(absl::GetCurrentTimeNanos()));
  const std::vector<DumpProblem> problems = adoption.take(*std::move(dump));
  if (!problems.empty()) {
    report_problems(console, folder, problems);
    return kExitRefused;
  }
  if (!dry_run) {
    const int exit_code = write_store(adoption, rules, path, console);
    if (exit_code != kExitOk) return exit_code;
  }
  if (output == "json") {
    console.out << report_to_json(adoption.report(), offset, dry_run);
  } else {
    print_report(adoption.report(), path, offset, dry_run, console);
  }
  return kExitOk;
}

}  // namespace weir::cli
