// A fuzz target. An input is two JSON texts: a usage plan on the first line, a
// patch of it on the others.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "weir/plan/plan_json.h"
#include "weir/plan/plan_patch.h"
#include "weir/plan/testing/plan_samples.h"
#include "weir/plan/validation.h"
#include "weir/proto/patch_operation.pb.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/tests/fuzz/invariant.h"

namespace weir {
namespace {

void check(const v1::UsagePlan& plan,
           const std::vector<v1::PatchOperation>& operations,
           PlanRules::QuotaOffset offset) {
  const PlanRules rules{offset};
  const std::string before = plan_bytes(plan);
  const auto patched = patch_usage_plan(plan, operations, rules);
  require(plan_bytes(plan) == before, "the plan itself stays as it is");
  require_readable(patched.status());
  if (!patched.ok()) return;
  require(validate_usage_plan(*patched, rules).empty(),
          "a patched plan is valid");
  const auto again = usage_plan_from_json(usage_plan_to_json(*patched));
  require(again.ok() && plan_bytes(*again) == plan_bytes(*patched),
          "a plan survives writing and reading");
  const auto unchanged = patch_usage_plan(*patched, {}, rules);
  require(unchanged.ok() && plan_bytes(*unchanged) == plan_bytes(*patched),
          "no operations change nothing");
}

}  // namespace
}  // namespace weir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto [first, rest] = weir::first_line_and_rest(data, size);
  const auto plan = weir::usage_plan_from_json(first);
  const auto patch = weir::patch_operations_from_json(rest);
  weir::require_readable(plan.status());
  weir::require_readable(patch.status());
  if (!plan.ok() || !patch.ok()) return 0;
  using Offset = weir::PlanRules::QuotaOffset;
  weir::check(*plan, *patch, Offset::kRequests);
  weir::check(*plan, *patch, Offset::kStartDay);
  return 0;
}
