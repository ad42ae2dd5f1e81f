// A fuzz target. An input is a file that holds usage plans.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "weir/plan/plan_json.h"
#include "weir/plan/validation.h"
#include "weir/plan_files/filed_plan.h"
#include "weir/plan_files/plan_reader.h"
#include "weir/tests/fuzz/invariant.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto plans = weir::read_plans(text);
  weir::require_readable(plans.status());
  if (!plans.ok()) return 0;
  weir::require(!plans->empty(), "there is a plan, or an error");
  for (const weir::FiledPlan& filed : *plans) {
    if (!weir::problems_of(filed, weir::PlanRules()).empty()) continue;
    const auto again =
        weir::usage_plan_from_json(weir::usage_plan_to_json(filed.plan));
    weir::require(again.ok() && weir::usage_plan_to_json(*again) ==
                                    weir::usage_plan_to_json(filed.plan),
                  "a plan without problems is one of the AWS CLI's");
  }
  return 0;
}
