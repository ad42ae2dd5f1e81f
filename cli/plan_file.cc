#include "cli/plan_file.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/input.h"
#include "plan/plan_json.h"

namespace weir::cli {

std::optional<PlanFile> read_plan(const std::string& path,
                                  const PlanRules& rules,
                                  const Console& console) {
  const auto text = read_document(path, console);
  if (!text.ok()) {
    report_error(console, path, std::string(text.status().message()));
    return std::nullopt;
  }
  PlanFile file;
  auto plan = usage_plan_from_json(*text);
  if (plan.ok()) {
    file.plan = *std::move(plan);
    file.problems = validate_usage_plan(file.plan, rules);
  } else {
    file.problems.push_back({"", std::string(plan.status().message()), ""});
  }
  return file;
}

void report_problems(const Console& console, const std::string& path,
                     absl::Span<const PlanProblem> problems) {
  for (const PlanProblem& problem : problems) {
    report_error(console, path,
                 problem.path.empty()
                     ? problem.message
                     : absl::StrCat(problem.path, ": ", problem.message));
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
