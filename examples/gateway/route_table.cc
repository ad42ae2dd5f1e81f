#include "examples/gateway/route_table.h"

#include <algorithm>
#include <cstddef>

#include "plan/plan_patch.h"

namespace weir {

absl::StatusOr<RouteTable> RouteTable::create(Enforcer& enforcer,
                                              const v1::UsagePlan& plan) {
  RouteTable table;
  for (const v1::ApiStage& stage : plan.api_stages()) {
    Stage& entry = table.stages_
                       .try_emplace(stage.api_id() + "/" + stage.stage(),
                                    Stage{MethodMatcher(stage), {}})
                       .first->second;
    const auto add = [&](const std::string& method_key) -> absl::Status {
      const auto route =
          enforcer.route(stage.api_id(), stage.stage(), method_key);
      if (route.ok()) entry.routes.emplace(method_key, *route);
      return route.status();
    };
    if (auto status = add(""); !status.ok()) return status;
    for (const auto& [method_key, throttle] : stage.throttle()) {
      if (auto status = add(method_key); !status.ok()) return status;
    }
  }
  return table;
}

Route RouteTable::find(std::string_view target, std::string_view method) const {
  if (target.empty() || target.front() != '/') return Route();
  target.remove_prefix(1);
  const size_t api_end = target.find('/');
  if (api_end == target.npos) return Route();
  const size_t stage_end =
      std::min(target.find_first_of("/?#", api_end + 1), target.size());

  const auto stage = stages_.find(target.substr(0, stage_end));
  if (stage == stages_.end()) return Route();
  const auto& [methods, routes] = stage->second;
  return routes.find(methods.match(target.substr(stage_end), method))->second;
}

absl::StatusOr<v1::UsagePlan> LiveRoutes::apply_patch(
    std::string_view plan_id, absl::Span<const v1::PatchOperation> operations) {
  MutexLock lock(patching_);
  // The routes come first: they may not fit.
  const auto plan = enforcer_.get_usage_plan(plan_id);
  if (!plan.ok()) return plan;
  const auto wanted = patch_usage_plan(*plan, operations);
  if (!wanted.ok()) return wanted;
  auto table = RouteTable::create(enforcer_, *wanted);
  if (!table.ok()) return table.status();

  auto patched = enforcer_.apply_patch(plan_id, operations);
  if (patched.ok()) {
    std::atomic_store(&table_,
                      std::make_shared<const RouteTable>(*std::move(table)));
  }
  return patched;
}

}  // namespace weir
