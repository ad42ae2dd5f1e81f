#include "weir/benchmarks/subject.h"

#include <cstdlib>
#include <iostream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "weir/benchmarks/draws.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir {
namespace {

v1::UsagePlan plan_that(Plan kind) {
  v1::UsagePlan plan;
  plan.set_name("plan");
  v1::ApiStage* stage = plan.add_api_stages();
  stage->set_api_id("api");
  stage->set_stage("prod");
  plan.mutable_throttle()->set_rate_limit(kind == Plan::kThrottles ? 0 : 1e9);
  plan.mutable_throttle()->set_burst_limit(
      kind == Plan::kThrottles ? 0 : 2'000'000'000);
  (*stage->mutable_throttle())["/pets/GET"].set_rate_limit(1e9);
  (*stage->mutable_throttle())["/pets/GET"].set_burst_limit(2'000'000'000);
  plan.mutable_quota()->set_limit(kind == Plan::kOverQuota ? 1
                                                           : 1'000'000'000'000);
  plan.mutable_quota()->set_period(v1::MONTH);
  return plan;
}

void add_keys(Enforcer& enforcer, const std::string& plan_id, size_t keys) {
  constexpr size_t kAtOnce = 10'000;
  std::vector<v1::ApiKey> some;
  for (size_t i = 0; i < keys; ++i) {
    v1::ApiKey& key = some.emplace_back();
    key.set_id(absl::StrCat("k", i));
    key.set_value(std::string(key_bytes(i).view()));
    key.set_enabled(true);
    if (some.size() < kAtOnce && i + 1 < keys) continue;
    const auto ids = enforcer.import_api_keys(some, plan_id);
    if (!ids.ok()) {
      std::cerr << "cannot create keys: " << ids.status() << "\n";
      std::exit(1);
    }
    some.clear();
  }
}

}  // namespace

Subject::Subject(size_t keys, Plan kind, int lease_threads) {
  Options options;
  options.method_throttle = MethodThrottle::kAddsToPlan;
  options.lease_threads = lease_threads;
  enforcer = Enforcer::create(options).value();
  plan_id = enforcer->create_usage_plan(plan_that(kind)).value().id();
  route = enforcer->intern_route("api", "prod", "/pets/GET").value();
  add_keys(*enforcer, plan_id, keys);
  for (size_t i = 0; i < keys; ++i) {
    const KeyBytes key = key_bytes(i);
    enforcer->admit({key.view(), route});
  }
}

}  // namespace weir
