// Usage plans in files, and their problems.

#ifndef WEIR_CLI_PLAN_FILE_H_
#define WEIR_CLI_PLAN_FILE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "weir/cli/console.h"
#include "weir/plan/validation.h"
#include "weir/plan_files/filed_plan.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir::cli {

// What an operand or flag names: a file, "-" for standard input, and a plan in
// it, "" for all plans or the only one.
struct PlanAddress {
  std::string path;
  std::string name;
};

// Parses "FILE" or "FILE#NAME". If a file with the whole name exists, it is
// that file, without a plan.
PlanAddress plan_address(const std::string& argument);

struct PlanFile {
  std::string name;  // the plan's name in its document
  v1::UsagePlan plan;
  PlanPlaces places;
  std::vector<PlanFileProblem> problems;  // empty: the plan may be enforced
  // Whether documents of this kind can hold an id and a product code.
  bool may_have_id = false;
};

// Reads the plans at "FILE" or "FILE#NAME", of every kind that read_plans()
// knows, and validates them by `rules` if given. A file without a plan, or
// without the named one, is one problem without a place. If the file cannot be
// read, reports that and returns nullopt.
std::optional<std::vector<PlanFile>> read_plans(
    const std::string& argument, const std::optional<PlanRules>& rules,
    const Console& console);

// The same, but for one plan: several plans are a problem, which lists their
// names.
std::optional<PlanFile> read_plan(const std::string& argument,
                                  const std::optional<PlanRules>& rules,
                                  const Console& console);

// Reports each problem as an error of the file at "FILE" or "FILE#NAME".
void report_problems(const Console& console, const std::string& argument,
                     absl::Span<const PlanFileProblem> problems);

// The rules for a value of the flag --offset, "requests" or "start-day".
PlanRules plan_rules(std::string_view offset);

}  // namespace weir::cli

#endif  // WEIR_CLI_PLAN_FILE_H_
