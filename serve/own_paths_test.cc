#include "weir/serve/own_paths.h"

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/enforcer/enforcer.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/tests/patch_operations.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

v1::UsagePlan plan_for(
    std::initializer_list<std::pair<const char*, const char*>> stages) {
  v1::UsagePlan plan;
  plan.set_id("gold");
  plan.set_name("gold");
  for (const auto& [api, stage] : stages) {
    v1::ApiStage* added = plan.add_api_stages();
    added->set_api_id(api);
    added->set_stage(stage);
  }
  return plan;
}

TEST(OwnPaths, AreTheManagementsAndTheServices) {
  for (const char* own :
       {"/", "/?x", "/usageplans", "/apikeys/x?y", "/tags/a/b", "/restapis",
        "/restapis/x/stages", "/account", "/v2/apis", "/v2/apis/x", "/healthz",
        "/healthz/x", "/metrics", "/metrics?x", "/metrics/prod/x", "/-",
        "/-/main.js", "/-/prod", "/-/authorize/a1/prod"}) {
    EXPECT_TRUE(is_own_path(own)) << own;
  }
  for (const char* other :
       {"", "x", "xmetrics", "xhealthz/x", "//", "/a1/prod", "/a1",
        "/metricsx/prod", "/x/metrics", "/healthz2/x", "/--/x", "/v2",
        "/v2/prod/apis", "/v2/", "/restapis2/x", "/a1/prod?/metrics"}) {
    EXPECT_FALSE(is_own_path(other)) << other;
  }
}

TEST(OwnPaths, NewStagesBehindThemAreRefused) {
  const auto enforcer = *Enforcer::create();
  const auto create = [&](const v1::UsagePlan& plan) {
    return enforcer->create_usage_plan(plan).status();
  };
  const auto patch = [&](const std::string& op, const std::string& stage) {
    return enforcer->apply_patch("old", {operation(op, "/apiStages", stage)})
        .status();
  };
  v1::UsagePlan old = plan_for({{"metrics", "prod"}});
  old.set_id("old");
  ASSERT_TRUE(create(old).ok());

  auto guard = std::make_unique<OwnPathsGuard>(enforcer.get());
  for (const std::string api :
       {"usageplans", "apikeys", "tags", "restapis", "account", "vpclinks",
        "healthz", "metrics", "-"}) {
    for (const auto& status :
         {create(plan_for({{"a1", "prod"}, {api.c_str(), "prod"}})),
          patch("add", api + ":test")}) {
      EXPECT_TRUE(absl::IsInvalidArgument(status)) << api;
      EXPECT_THAT(std::string(status.message()), HasSubstr("\"" + api + "\""));
    }
  }
  EXPECT_FALSE(create(plan_for({{"v2", "apis"}})).ok());
  EXPECT_EQ(enforcer->statistics().usage_plans, 1u);
  EXPECT_TRUE(create(plan_for({{"a1", "metrics"},
                               {"v2", "prod"},
                               {"v1", "apis"},
                               {"Metrics", "prod"},
                               {"m\xC3\xA9trics", "prod"}}))
                  .ok());
  // What exists already can be patched, and removed.
  EXPECT_TRUE(patch("add", "a1:prod").ok());
  EXPECT_TRUE(patch("remove", "metrics:prod").ok());
  EXPECT_FALSE(patch("add", "metrics:prod").ok());
  guard.reset();
  EXPECT_TRUE(patch("add", "metrics:prod").ok());
}

TEST(OwnPaths, StagesBehindThemAreFound) {
  const auto enforcer = *Enforcer::create();
  EXPECT_THAT(unreachable_stages(*enforcer), IsEmpty());
  ASSERT_TRUE(enforcer
                  ->create_usage_plan(plan_for(
                      {{"a1", "prod"}, {"metrics", "prod"}, {"v2", "apis"}}))
                  .ok());
  EXPECT_THAT(
      unreachable_stages(*enforcer),
      ElementsAre(HasSubstr("usage plan gold: no request can reach the stage "
                            "\"metrics\" : \"prod\""),
                  HasSubstr("\"v2\" : \"apis\"")));
}

}  // namespace
}  // namespace weir
