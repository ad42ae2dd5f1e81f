#include <iostream>

#include "weir/enforcer/enforcer.h"
#include "weir/plan/plan_json.h"

int main() {
  auto enforcer = *weir::Enforcer::create();
  auto plan = *enforcer->create_usage_plan(*weir::usage_plan_from_json(R"({
      "name": "basic", "apiStages": [{"apiId": "a1b2c3", "stage": "prod"}],
      "throttle": {"rateLimit": 0.1, "burstLimit": 2},
      "quota": {"limit": 1000, "period": "DAY"}})"));
  weir::v1::ApiKey key;
  key.set_enabled(true);
  key = *enforcer->create_api_key(key);  // with an id and a secret value
  enforcer->create_usage_plan_key(plan.id(), key.id()).value();
  weir::Route pets = *enforcer->intern_route("a1b2c3", "prod", "/pets/GET");

  for (int request = 1; request <= 3; ++request) {
    weir::Decision d = enforcer->admit({key.value(), pets});
    std::cout << (d.admitted() ? "200 OK" : "429, retry after ")
              << (d.admitted() ? "" : FormatDuration(d.retry_after())) << "\n";
  }
}
