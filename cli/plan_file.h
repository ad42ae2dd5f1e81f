// A usage plan in a file, and what is wrong with it.

#ifndef WEIR_CLI_PLAN_FILE_H_
#define WEIR_CLI_PLAN_FILE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "cli/console.h"
#include "plan/validation.h"
#include "proto/usage_plan.pb.h"

namespace weir::cli {

struct PlanFile {
  v1::UsagePlan plan;
  std::vector<PlanProblem> problems;  // empty: the plan may be enforced
};

// Reads and validates the plan at `path`. What is not a plan at all is one
// problem with the path "". Nothing if the file cannot be read, which is
// reported.
std::optional<PlanFile> read_plan(const std::string& path,
                                  const PlanRules& rules,
                                  const Console& console);

// Reports each problem as an error of the file at `path`.
void report_problems(const Console& console, const std::string& path,
                     absl::Span<const PlanProblem> problems);

// The rules that the flag --offset stands for: "requests" or "start-day".
PlanRules plan_rules(std::string_view offset);

}  // namespace weir::cli

#endif  // WEIR_CLI_PLAN_FILE_H_
