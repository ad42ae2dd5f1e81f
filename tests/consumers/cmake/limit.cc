// What pkg-config gives is enough: one request of two passes.

#include <iostream>
#include <memory>
#include <utility>

#include "weir/enforcer/enforcer.h"
#include "weir/plan/plan_json.h"

int main() {
  auto enforcer = *weir::Enforcer::create();
  weir::v1::UsagePlan plan;
  plan.set_name("gold");
  plan.mutable_throttle()->set_rate_limit(1);
  plan.mutable_throttle()->set_burst_limit(1);
  plan.add_api_stages()->set_api_id("api");
  plan.mutable_api_stages(0)->set_stage("prod");
  const auto created = enforcer->create_usage_plan(plan);
  weir::v1::ApiKey key;
  key.set_enabled(true);
  key.set_value("a-key-of-twenty-and-more-characters");
  const auto created_key = enforcer->create_api_key(key);
  if (!created.ok() || !created_key.ok()) return 1;
  if (!enforcer->create_usage_plan_key(created->id(), created_key->id()).ok()) {
    return 1;
  }
  weir::Call call;
  call.api_key = "a-key-of-twenty-and-more-characters";
  call.route = *enforcer->intern_route("api", "prod");
  const bool first = enforcer->admit(call).admitted();
  const bool second = enforcer->admit(call).admitted();
  std::cout << first << second << "\n";
  return first && !second ? 0 : 1;
}
