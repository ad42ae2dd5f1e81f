#include "examples/gateway/route_table.h"

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "enforcer/enforcer.h"
#include "enforcer/route.h"
#include "gtest/gtest.h"
#include "plan/plan_json.h"
#include "proto/api_key.pb.h"
#include "proto/patch_operation.pb.h"
#include "proto/usage_plan.pb.h"

namespace weir {
namespace {

constexpr char kPlan[] = R"({
  "id": "p1", "name": "routes",
  "throttle": {"burstLimit": 1, "rateLimit": 1},
  "apiStages": [
    {"apiId": "a1", "stage": "prod", "throttle": {
      "/pets/GET": {"burstLimit": 1, "rateLimit": 1},
      "/pets/{id}/ANY": {"burstLimit": 1, "rateLimit": 1},
      "//GET": {"burstLimit": 1, "rateLimit": 1}}},
    {"apiId": "a1", "stage": "test"}]})";

class RouteTableTest : public testing::Test {
 protected:
  RouteTableTest() {
    plan_ = *enforcer_->create_usage_plan(*usage_plan_from_json(kPlan));
  }

  RouteTable table() { return *RouteTable::create(*enforcer_, plan_); }
  Route route(const char* stage, const char* method_key) {
    return *enforcer_->route("a1", stage, method_key);
  }

  std::unique_ptr<Enforcer> enforcer_ = *Enforcer::create();
  v1::UsagePlan plan_;
};

TEST_F(RouteTableTest, Throttle_HasItsOwnRoute) {
  const RouteTable routes = table();
  EXPECT_EQ(routes.find("/a1/prod/pets", "GET"), route("prod", "/pets/GET"));
  EXPECT_EQ(routes.find("/a1/prod/pets?page=2", "GET"),
            route("prod", "/pets/GET"));
  EXPECT_EQ(routes.find("/a1/prod/p%65ts", "GET"), route("prod", "/pets/GET"));
  EXPECT_EQ(routes.find("/a1/prod/pets/7", "PUT"),
            route("prod", "/pets/{id}/ANY"));
  EXPECT_EQ(routes.find("/a1/prod/pets/a%2Fb", "GET"),
            route("prod", "/pets/{id}/ANY"));
  EXPECT_EQ(routes.find("/a1/prod/", "GET"), route("prod", "//GET"));
}

TEST_F(RouteTableTest, OtherMethods_ShareTheStagesRoute) {
  const RouteTable routes = table();
  const Route stage = route("prod", "");
  EXPECT_NE(stage, route("prod", "/pets/GET"));
  EXPECT_EQ(routes.find("/a1/prod/pets", "POST"), stage);
  EXPECT_EQ(routes.find("/a1/prod/cats", "GET"), stage);
  EXPECT_EQ(routes.find("/a1/prod//pets//", "GET"), stage);
  EXPECT_EQ(routes.find("/a1/prod", "GET"), stage);
  EXPECT_EQ(routes.find("/a1/prod?pets", "GET"), stage);
  EXPECT_EQ(routes.find("/a1/test/pets", "GET"), route("test", ""));
}

TEST_F(RouteTableTest, AnythingElse_IsCoveredByNoPlan) {
  const RouteTable routes = table();
  for (const char* target :
       {"", "*", "/", "//", "/a1", "/a1/", "/a1/dev/pets", "/a2/prod/pets",
        "/a1/prod2", "a1/prod/pets", "//a1/prod/pets", "http://a1/prod/pets"}) {
    EXPECT_EQ(routes.find(target, "GET"), Route()) << target;
  }
}

std::vector<v1::PatchOperation> operations(const char* json) {
  return *patch_operations_from_json(json);
}

TEST_F(RouteTableTest, Patch_BringsItsRoutes) {
  LiveRoutes routes(enforcer_.get(), table());
  EXPECT_EQ(routes.find("/a1/test/pets", "GET"), route("test", ""));
  ASSERT_TRUE(routes
                  .apply_patch("p1", operations(R"([
      {"op": "add", "path": "/apiStages/a1:test/throttle/pets/GET/rateLimit",
       "value": "5"},
      {"op": "remove", "path": "/apiStages", "value": "a1:prod"}])"))
                  .ok());
  EXPECT_EQ(routes.find("/a1/test/pets", "GET"), route("test", "/pets/GET"));
  EXPECT_EQ(routes.find("/a1/prod/pets", "GET"), Route());
}

TEST_F(RouteTableTest, PatchRefused_ChangesNothing) {
  LiveRoutes routes(enforcer_.get(), table());
  EXPECT_FALSE(routes
                   .apply_patch("p1", operations(R"([
      {"op": "remove", "path": "/apiStages", "value": "a1:prod"},
      {"op": "replace", "path": "/nonsense", "value": "1"}])"))
                   .ok());
  EXPECT_FALSE(routes.apply_patch("p2", {}).ok());
  EXPECT_EQ(routes.find("/a1/prod/pets", "GET"), route("prod", "/pets/GET"));
}

// A key may be under one plan a stage only, which the plan itself cannot know.
TEST_F(RouteTableTest, PatchThatTheKeysForbid_ChangesNothing) {
  LiveRoutes routes(enforcer_.get(), table());
  auto other = *usage_plan_from_json(
      R"({"name": "p2", "apiStages": [{"apiId": "a2", "stage": "prod"}]})");
  other = *enforcer_->create_usage_plan(other);
  const auto key = enforcer_->create_api_key(v1::ApiKey());
  ASSERT_TRUE(enforcer_->create_usage_plan_key("p1", key->id()).ok());
  ASSERT_TRUE(enforcer_->create_usage_plan_key(other.id(), key->id()).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(routes
                                        .apply_patch("p1", operations(R"([
      {"op": "add", "path": "/apiStages", "value": "a2:prod"}])"))
                                        .status()));
  EXPECT_EQ(routes.find("/a2/prod/x", "GET"), Route());
}

TEST_F(RouteTableTest, NoRoomForRoutes_PatchChangesNothing) {
  LiveRoutes routes(enforcer_.get(), table());
  for (int i = 0;; ++i) {
    const auto route = enforcer_->route("other", absl::StrCat("s", i));
    if (absl::IsResourceExhausted(route.status())) break;
    ASSERT_TRUE(route.ok()) << route.status();
  }
  EXPECT_TRUE(absl::IsResourceExhausted(routes
                                            .apply_patch("p1", operations(R"([
      {"op": "add", "path": "/apiStages", "value": "a1:new"}])"))
                                            .status()));
  EXPECT_EQ(enforcer_->get_usage_plan("p1")->api_stages_size(), 2);
  EXPECT_EQ(routes.find("/a1/prod/pets", "GET"), route("prod", "/pets/GET"));
}

}  // namespace
}  // namespace weir
