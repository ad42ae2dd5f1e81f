#include "weir/cli/plan_file.h"

#include <cstddef>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "weir/base/text.h"
#include "weir/cli/input.h"
#include "weir/plan_files/plan_reader.h"

namespace weir::cli {
namespace {

// The result for a file without a usable plan.
PlanFile no_plan(std::string message) {
  PlanFile file;
  file.problems.push_back({DocumentPlace(), std::move(message)});
  return file;
}

PlanFile plan_file(FiledPlan filed, const std::optional<PlanRules>& rules) {
  PlanFile file;
  file.problems = rules.has_value() ? problems_of(filed, *rules)
                                    : std::move(filed.problems);
  file.name = std::move(filed.name);
  file.plan = std::move(filed.plan);
  file.places = std::move(filed.places);
  file.may_have_id = filed.may_have_id;
  return file;
}

bool is_called(const FiledPlan& plan, const std::string& name) {
  return plan.name == name || plan.plan.name() == name ||
         plan.plan.id() == name;
}

// "gold (a1b2c3), free (d4e5f6)": names may be equal, ids are unique.
std::string names_of(const std::vector<PlanFile>& files) {
  return absl::StrJoin(files, ", ", [](std::string* out, const PlanFile& file) {
    absl::StrAppend(out, file.name);
    if (!file.plan.id().empty())
      absl::StrAppend(out, " (", file.plan.id(), ")");
  });
}

}  // namespace

PlanAddress plan_address(const std::string& argument) {
  const std::size_t hash = argument.rfind('#');
  std::error_code error;
  if (hash == argument.npos || std::filesystem::exists(argument, error)) {
    return {argument, ""};
  }
  return {argument.substr(0, hash), argument.substr(hash + 1)};
}

std::optional<std::vector<PlanFile>> read_plans(
    const std::string& argument, const std::optional<PlanRules>& rules,
    const Console& console) {
  const PlanAddress address = plan_address(argument);
  const auto text = read_document(address.path, console);
  if (!text.ok()) {
    report_error(console, address.path, std::string(text.status().message()));
    return std::nullopt;
  }
  std::vector<PlanFile> files;
  auto plans = weir::read_plans(*text);
  if (!plans.ok()) {
    files.push_back(no_plan(std::string(plans.status().message())));
    return files;
  }
  for (FiledPlan& filed : *plans) {
    if (address.name.empty() || is_called(filed, address.name)) {
      files.push_back(plan_file(std::move(filed), rules));
    }
  }
  if (files.empty()) {
    std::vector<PlanFile> all;
    for (FiledPlan& filed : *plans) {
      all.push_back(plan_file(std::move(filed), std::nullopt));
    }
    files.push_back(no_plan(absl::StrCat("there is no usage plan ",
                                         internal::excerpt(address.name),
                                         " in it: expected ", names_of(all))));
  }
  return files;
}

std::optional<PlanFile> read_plan(const std::string& argument,
                                  const std::optional<PlanRules>& rules,
                                  const Console& console) {
  auto files = read_plans(argument, rules, console);
  if (!files.has_value()) return std::nullopt;
  if (files->size() == 1) return std::move(files->front());
  return no_plan(absl::StrCat(
      "there are ", files->size(),
      " usage plans in it: choose one with FILE#NAME: ", names_of(*files)));
}

void report_problems(const Console& console, const std::string& argument,
                     absl::Span<const PlanFileProblem> problems) {
  const std::string path = plan_address(argument).path;
  for (const PlanFileProblem& problem : problems) {
    report_error(console, path,
                 problem.place.path.empty()
                     ? problem.message
                     : absl::StrCat(problem.place.path, ": ", problem.message),
                 problem.place.line);
  }
}

PlanRules plan_rules(std::string_view offset) {
  PlanRules rules;
  if (offset == "start-day") {
    rules.quota_offset = PlanRules::QuotaOffset::kStartDay;
  }
  return rules;
}

}  // namespace weir::cli
