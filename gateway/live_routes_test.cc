#include "weir/gateway/live_routes.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "weir/enforcer/enforcer.h"
#include "weir/enforcer/route.h"
#include "weir/gateway/stage_target.h"
#include "weir/plan/plan_json.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/patch_operation.pb.h"
#include "weir/proto/usage_plan.pb.h"

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

std::vector<v1::PatchOperation> operations(const std::string& json) {
  return *patch_operations_from_json(json);
}

v1::ApiStage& add_stage(v1::UsagePlan& plan, const std::string& api_id,
                        const std::string& stage) {
  v1::ApiStage& added = *plan.add_api_stages();
  added.set_api_id(api_id);
  added.set_stage(stage);
  return added;
}

v1::UsagePlan plan_with(const std::string& id, const std::string& stage,
                        const std::vector<const char*>& method_keys) {
  v1::UsagePlan plan;
  plan.set_id(id);
  plan.set_name(id);
  plan.mutable_throttle()->set_burst_limit(10);
  v1::ApiStage& added = add_stage(plan, "a1", stage);
  for (const char* key : method_keys) {
    (*added.mutable_throttle())[key].set_burst_limit(1);
  }
  return plan;
}

class LiveRoutesTest : public testing::Test {
 protected:
  LiveRoutesTest() { EXPECT_TRUE(routes_.follow().ok()); }

  absl::Status create(const v1::UsagePlan& plan) {
    return enforcer_->create_usage_plan(plan).status();
  }

  absl::Status patch(const std::string& id, const std::string& json) {
    return enforcer_->apply_patch(id, operations(json)).status();
  }

  void create_first() {
    ASSERT_TRUE(create(*usage_plan_from_json(kPlan)).ok());
  }

  Route find(const std::string& target, const char* method = "GET") {
    return routes_.find(target, method);
  }
  Route route(const char* stage, const char* method_key) {
    return *enforcer_->intern_route("a1", stage, method_key);
  }

  static void use_routes_up(Enforcer& enforcer) {
    std::vector<Enforcer::MethodName> most;
    for (int i = 0; i < 65'000; ++i) {
      most.push_back({"other", absl::StrCat("s", i), ""});
    }
    ASSERT_TRUE(enforcer.intern_routes(most).ok());
    for (int i = 0;; ++i) {
      const auto route = enforcer.intern_route("more", absl::StrCat("s", i));
      if (absl::IsResourceExhausted(route.status())) return;
      ASSERT_TRUE(route.ok()) << route.status();
    }
  }

  std::unique_ptr<Enforcer> enforcer_ = *Enforcer::create();
  LiveRoutes routes_{enforcer_.get()};
};

TEST_F(LiveRoutesTest, Throttle_HasItsOwnRoute) {
  create_first();
  EXPECT_EQ(find("/a1/prod/pets"), route("prod", "/pets/GET"));
  EXPECT_EQ(find("/a1/prod/pets?page=2"), route("prod", "/pets/GET"));
  EXPECT_EQ(find("/a1/prod/pets/7", "PUT"), route("prod", "/pets/{id}/ANY"));
  EXPECT_EQ(find("/a1/prod/pets/a%2Fb"), route("prod", "/pets/{id}/ANY"));
  EXPECT_EQ(find("/a1/prod/"), route("prod", "//GET"));
}

TEST_F(LiveRoutesTest, MethodKey_IsTheThrottlesThatApplies) {
  create_first();
  std::string key = "before";
  const auto found = [&](const char* target, const char* method = "GET") {
    EXPECT_EQ(routes_.find(*parse_stage_target(target), method, key),
              find(target, method));
    return key;
  };
  EXPECT_EQ(found("/a1/prod/pets"), "/pets/GET");
  EXPECT_EQ(found("/a1/prod/pets/7", "PUT"), "/pets/{id}/ANY");
  EXPECT_EQ(found("/a1/prod/cats"), "");
  EXPECT_EQ(found("/a1/prod/"), "//GET");
  EXPECT_EQ(found("/a2/prod/pets"), "");
  EXPECT_EQ(found("/a1/prod/pets", "TRACE"), "");
}

TEST_F(LiveRoutesTest, OtherMethods_ShareTheStagesRoute) {
  create_first();
  const Route stage = route("prod", "");
  EXPECT_NE(stage, route("prod", "/pets/GET"));
  EXPECT_EQ(find("/a1/prod/pets", "POST"), stage);
  EXPECT_EQ(find("/a1/prod/cats"), stage);
  EXPECT_EQ(find("/a1/test/pets"), route("test", ""));
}

TEST_F(LiveRoutesTest, AnythingElse_IsCoveredByNoPlan) {
  create_first();
  for (const char* target :
       {"", "*", "/", "//", "/a1", "/a1/", "/a1/dev/pets", "/a2/prod/pets",
        "/a1/prod2", "a1/prod/pets", "//a1/prod/pets", "http://a1/prod/pets"}) {
    EXPECT_EQ(find(target), Route()) << target;
  }
}

// Each spelling of a path finds the method's own limit, or no plan at all:
// never another limit.
TEST_F(LiveRoutesTest, NoSpelling_GoesAroundALimit) {
  create_first();
  const Route pets = route("prod", "/pets/GET");
  for (const char* target :
       {"/a1/prod/pets", "/a1/prod/pets/", "/a1/prod/p%65ts", "/a1/pro%64/pets",
        "/%61%31/prod/%70%65%74%73/", "/a1/prod/pets?/../x",
        "/a1/prod/pets?"}) {
    EXPECT_EQ(find(target), pets) << target;
  }
  for (const char* target : {"/a1/prod//pets",         "/a1/prod/pets//",
                             "/a1//prod/pets",         "//a1/prod/pets",
                             "/a1/prod/./pets",        "/a1/prod/x/../pets",
                             "/a1/prod/x/%2e%2e/pets", "/a1/prod/x%2F..%2Fpets",
                             "/a1/test/../prod/pets",  "/a1/prod/pets;v=1",
                             "/a1/prod;v=1/pets",      "/a1/prod/.;/pets",
                             "/a1/prod\\pets",         "/a1/prod/pets#x",
                             "/a1/prod/pets%00",       "/a1/prod/pets%",
                             "/a1/prod/pe%74%",        "/a1/prod/pets ",
                             "/a1%2Fprod/pets",        "/a1%2fprod/pets/x",
                             "/a1/prod%2Fpets",        "/A1/prod/pets",
                             "/a1/Prod/pets",          "/a1/pro%2564/pets",
                             "/a1/prod%20/pets"}) {
    EXPECT_EQ(find(target), Route()) << target;
  }
  const Route root = route("prod", "//GET");
  for (const char* target : {"/a1/prod", "/a1/prod/", "/a1/prod?x"}) {
    EXPECT_EQ(find(target), root) << target;
  }
  for (const char* method : {"get", "Get", "GET ", "", "TRACE", "CONNECT",
                             "ANY", "PURGE", "GET\r\n"}) {
    EXPECT_EQ(find("/a1/prod/pets", method), Route()) << method;
    EXPECT_EQ(find("/a1/prod/pets/7", method), Route()) << method;
  }
}

TEST_F(LiveRoutesTest, Patch_BringsItsRoutes) {
  create_first();
  EXPECT_EQ(find("/a1/test/pets"), route("test", ""));
  ASSERT_TRUE(patch("p1", R"([
      {"op": "add", "path": "/apiStages/a1:test/throttle/pets/GET/rateLimit",
       "value": "5"},
      {"op": "remove", "path": "/apiStages", "value": "a1:prod"}])")
                  .ok());
  EXPECT_EQ(find("/a1/test/pets"), route("test", "/pets/GET"));
  EXPECT_EQ(find("/a1/prod/pets"), Route());
}

TEST_F(LiveRoutesTest, PatchRefused_ChangesNothing) {
  create_first();
  EXPECT_FALSE(patch("p1", R"([
      {"op": "remove", "path": "/apiStages", "value": "a1:prod"},
      {"op": "replace", "path": "/nonsense", "value": "1"}])")
                   .ok());
  EXPECT_EQ(find("/a1/prod/pets"), route("prod", "/pets/GET"));
}

TEST_F(LiveRoutesTest, PlansOfOneStage_NameItsMethodsTogether) {
  create_first();
  ASSERT_TRUE(create(plan_with("p2", "prod", {"/pets/GET", "/cats/GET"})).ok());
  EXPECT_EQ(find("/a1/prod/pets"), route("prod", "/pets/GET"));
  EXPECT_EQ(find("/a1/prod/cats"), route("prod", "/cats/GET"));
  EXPECT_EQ(find("/a1/prod/pets/7"), route("prod", "/pets/{id}/ANY"));

  ASSERT_TRUE(create(plan_with("p3", "prod", {"/pets/{id}/GET"})).ok());
  EXPECT_EQ(find("/a1/prod/pets/7"), route("prod", "/pets/{id}/GET"));
  EXPECT_EQ(find("/a1/prod/pets/7", "PUT"), route("prod", "/pets/{id}/ANY"));

  // What a plan names is there until the last plan that names it goes.
  ASSERT_TRUE(patch("p1", R"([
      {"op": "remove", "path": "/apiStages", "value": "a1:prod"}])")
                  .ok());
  EXPECT_EQ(find("/a1/prod/pets"), route("prod", "/pets/GET"));
  EXPECT_EQ(find("/a1/prod/pets/7", "PUT"), route("prod", ""));
  EXPECT_EQ(find("/a1/prod/"), route("prod", ""));
}

TEST_F(LiveRoutesTest, DeletedPlan_TakesItsStagesAlong) {
  create_first();
  ASSERT_TRUE(create(plan_with("p2", "prod", {"/cats/GET"})).ok());
  ASSERT_TRUE(patch("p1", R"([
      {"op": "remove", "path": "/apiStages", "value": "a1:prod"},
      {"op": "remove", "path": "/apiStages", "value": "a1:test"}])")
                  .ok());
  ASSERT_TRUE(enforcer_->delete_usage_plan("p1").ok());
  EXPECT_EQ(find("/a1/test/x"), Route());
  EXPECT_EQ(find("/a1/prod/cats"), route("prod", "/cats/GET"));
  EXPECT_EQ(find("/a1/prod/pets"), route("prod", ""));
}

TEST_F(LiveRoutesTest, Follow_LoadsThePlansThatExist) {
  for (int i = 0; i < 600; ++i) {
    ASSERT_TRUE(create(plan_with(absl::StrCat("p", i), absl::StrCat("s", i),
                                 {"/x/GET"}))
                    .ok());
  }
  LiveRoutes later(enforcer_.get());
  EXPECT_EQ(later.find("/a1/s7/x", "GET"), Route());
  ASSERT_TRUE(later.follow().ok());
  for (int i = 0; i < 600; ++i) {
    const std::string stage = absl::StrCat("s", i);
    for (const LiveRoutes* routes : {&routes_, &later}) {
      EXPECT_EQ(routes->find(absl::StrCat("/a1/", stage, "/x"), "GET"),
                route(stage.c_str(), "/x/GET"));
      EXPECT_EQ(routes->find(absl::StrCat("/a1/", stage, "/y"), "GET"),
                route(stage.c_str(), ""));
    }
  }
}

TEST_F(LiveRoutesTest, Follow_EndsWithTheObject) {
  create_first();
  {
    LiveRoutes others(enforcer_.get());
    ASSERT_TRUE(others.follow().ok());
    EXPECT_EQ(others.find("/a1/prod/pets", "GET"), find("/a1/prod/pets"));
  }
  ASSERT_TRUE(patch("p1", R"([
      {"op": "add", "path": "/apiStages", "value": "a1:new"}])")
                  .ok());
  EXPECT_EQ(find("/a1/new/x"), route("new", ""));
}

// A patch that touches some stages leaves the routes of the others.
TEST_F(LiveRoutesTest, Patch_OfOneStageKeepsTheOthers) {
  create_first();
  ASSERT_TRUE(patch("p1", R"([
      {"op": "remove", "path": "/apiStages/a1:prod/throttle/pets/GET"}])")
                  .ok());
  EXPECT_EQ(find("/a1/prod/pets"), route("prod", ""));
  EXPECT_EQ(find("/a1/prod/pets/7"), route("prod", "/pets/{id}/ANY"));
  EXPECT_EQ(find("/a1/test/pets"), route("test", ""));
  ASSERT_TRUE(patch("p1", R"([
      {"op": "remove", "path": "/apiStages", "value": "a1:test"},
      {"op": "replace", "path": "/throttle/rateLimit", "value": "7"}])")
                  .ok());
  EXPECT_EQ(find("/a1/test/pets"), Route());
  EXPECT_EQ(find("/a1/prod/"), route("prod", "//GET"));
}

TEST_F(LiveRoutesTest, NamesInEverySpelling_AreReached) {
  v1::UsagePlan plan =
      plan_with("p1", "v1 beta", {"pets/GET", "~1caf%C3%A9/GET"});
  add_stage(plan, "pro%64", "ü");
  ASSERT_TRUE(create(plan).ok());
  EXPECT_EQ(find("/a1/v1%20beta/pets"), route("v1 beta", "/pets/GET"));
  EXPECT_EQ(find("/a1/v1%20beta/caf%c3%a9"),
            route("v1 beta", "/caf%C3%A9/GET"));
  EXPECT_EQ(find("/pro%2564/%c3%bc"), *enforcer_->intern_route("pro%64", "ü"));
  EXPECT_EQ(find("/pro%64/%c3%bc"), Route());
}

TEST_F(LiveRoutesTest, NoRoomForRoutes_IsKnownBefore) {
  create_first();
  use_routes_up(*enforcer_);
  EXPECT_TRUE(absl::IsResourceExhausted(patch("p1", R"([
      {"op": "add", "path": "/apiStages", "value": "a1:new"}])")));
  EXPECT_EQ(enforcer_->get_usage_plan("p1")->api_stages_size(), 2);
  EXPECT_EQ(find("/a1/prod/pets"), route("prod", "/pets/GET"));
  // What needs no new route is possible still.
  EXPECT_TRUE(patch("p1", R"([
      {"op": "replace", "path": "/throttle/rateLimit", "value": "7"}])")
                  .ok());
  EXPECT_TRUE(create(plan_with("p2", "prod", {"/pets/GET"})).ok());
}

// Of plans that exist already, what cannot be limited is closed.
TEST_F(LiveRoutesTest, NoRoomForRoutes_ClosesTheMethods) {
  const auto enforcer = *Enforcer::create();
  const auto intern = [&](const char* stage, const char* method_key) {
    return *enforcer->intern_route("a1", stage, method_key);
  };
  const Route prod = intern("prod", "");
  const Route pets = intern("prod", "/pets/GET");
  use_routes_up(*enforcer);
  ASSERT_TRUE(enforcer
                  ->create_usage_plan(
                      plan_with("p1", "prod", {"/pets/GET", "/cats/GET"}))
                  .ok());
  ASSERT_TRUE(enforcer->create_usage_plan(plan_with("p2", "new", {})).ok());

  LiveRoutes routes(enforcer.get());
  EXPECT_TRUE(absl::IsResourceExhausted(routes.follow()));
  EXPECT_EQ(routes.find("/a1/prod/cats", "GET"), Route());
  EXPECT_EQ(routes.find("/a1/prod/cats", "PUT"), prod);
  EXPECT_EQ(routes.find("/a1/prod/pets", "GET"), pets);
  EXPECT_EQ(routes.find("/a1/new/x", "GET"), Route());
}

TEST_F(LiveRoutesTest, MethodsForTheSameRequests_AreRefused) {
  create_first();
  for (const char* key : {"/pets/{name}/ANY", "/%70ets/GET"}) {
    const absl::Status status = create(plan_with("p2", "prod", {key}));
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_NE(status.message().find(key), std::string::npos) << status;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(
      create(plan_with("p2", "new", {"/{a}/GET", "/{b}/GET"}))));
  EXPECT_TRUE(absl::IsNotFound(enforcer_->get_usage_plan("p2").status()));
  EXPECT_TRUE(create(plan_with("p2", "test", {"/pets/{name}/ANY"})).ok());

  // A plan may rename its own.
  EXPECT_TRUE(patch("p1", R"([
      {"op": "remove", "path": "/apiStages/a1:prod/throttle/pets/{id}/ANY"},
      {"op": "add", "value": "5",
       "path": "/apiStages/a1:prod/throttle/pets/{name}/ANY/rateLimit"}])")
                  .ok());
  EXPECT_EQ(find("/a1/prod/pets/7"), route("prod", "/pets/{name}/ANY"));
}

TEST_F(LiveRoutesTest, MethodsForTheSameRequests_AreClosed) {
  const auto enforcer = *Enforcer::create();
  for (const auto& plan : {plan_with("p1", "prod", {"/pets/{id}/ANY"}),
                           plan_with("p2", "prod", {"/pets/{x}/ANY"}),
                           plan_with("p3", "prod", {"/pets/GET"})}) {
    ASSERT_TRUE(enforcer->create_usage_plan(plan).ok());
  }
  LiveRoutes routes(enforcer.get());
  EXPECT_TRUE(absl::IsInvalidArgument(routes.follow()));
  EXPECT_EQ(routes.find("/a1/prod/pets/7", "GET"), Route());
  EXPECT_EQ(routes.find("/a1/prod/pets", "GET"),
            *enforcer->intern_route("a1", "prod", "/pets/GET"));

  // They open when the plans agree. Such plans can be changed otherwise.
  EXPECT_TRUE(enforcer
                  ->apply_patch("p3", operations(R"([
      {"op": "add", "path": "/apiStages", "value": "a1:new"}])"))
                  .ok());
  EXPECT_TRUE(enforcer->tag_usage_plan("p2", {{{"a", "b"}}, {}}).ok());
  EXPECT_EQ(routes.find("/a1/prod/pets/7", "GET"), Route());
  EXPECT_TRUE(enforcer
                  ->apply_patch("p2", operations(R"([
      {"op": "remove", "path": "/apiStages/a1:prod/throttle"}])"))
                  .ok());
  EXPECT_EQ(routes.find("/a1/prod/pets/7", "GET"),
            *enforcer->intern_route("a1", "prod", "/pets/{id}/ANY"));
}

// Requests while plans come, change and go: a route that is found is that of
// the method or of the stage, or none while no plan has the stage.
TEST_F(LiveRoutesTest, Concurrency_FindsWhatThereIs) {
  create_first();
  const Route stage = route("prod", "");
  const Route pets = route("prod", "/pets/GET");
  const Route cats = route("prod", "/cats/GET");
  const Route live = route("live", "");
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      while (!done.load(std::memory_order_relaxed)) {
        const Route found = find("/a1/prod/cats");
        wrong += found != stage && found != cats;
        wrong += find("/a1/prod/pets") != pets;
        const Route other = find("/a1/live/x");
        wrong += other != live && other != Route();
      }
    });
  }
  threads.emplace_back([&] {
    while (!done.load(std::memory_order_relaxed)) {
      LiveRoutes others(enforcer_.get());
      EXPECT_TRUE(others.follow().ok());
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  std::vector<std::thread> operators;
  for (int i = 0; i < 2; ++i) {
    operators.emplace_back([&, i] {
      const std::string id = absl::StrCat("q", i);
      for (int j = 0; j < 100; ++j) {
        EXPECT_TRUE(create(plan_with(id, "prod", {"/cats/GET"})).ok());
        EXPECT_EQ(find("/a1/prod/cats"), cats);
        EXPECT_TRUE(patch(id, R"([
            {"op": "add", "path": "/apiStages", "value": "a1:live"}])")
                        .ok());
        EXPECT_EQ(find("/a1/live/x"), live);
        EXPECT_TRUE(patch(id, R"([
            {"op": "remove", "path": "/apiStages", "value": "a1:live"},
            {"op": "remove", "path": "/apiStages", "value": "a1:prod"}])")
                        .ok());
        EXPECT_TRUE(enforcer_->delete_usage_plan(id).ok());
      }
    });
  }
  for (std::thread& thread : operators) thread.join();
  done = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(find("/a1/prod/cats"), stage);
  EXPECT_EQ(find("/a1/live/x"), Route());
}

// Many threads patch one plan, each a stage of its own: as soon as a call has
// returned, requests find what it made.
TEST_F(LiveRoutesTest, Concurrency_EveryPatchHoldsWhenItReturns) {
  create_first();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const std::string stage = absl::StrCat("s", i);
      const std::string target = absl::StrCat("/a1/", stage, "/pets");
      const Route own = route(stage.c_str(), "");
      const Route pets = route(stage.c_str(), "/pets/GET");
      const auto change = [&](const char* op, const std::string& path,
                              const std::string& value) {
        EXPECT_TRUE(
            patch("p1", absl::StrCat(R"([{"op": ")", op, R"(", "path": ")",
                                     path, R"(", "value": ")", value, R"("}])"))
                .ok());
      };
      for (int j = 0; j < 50; ++j) {
        change("add", "/apiStages", "a1:" + stage);
        EXPECT_EQ(find(target), own);
        change("add",
               absl::StrCat("/apiStages/a1:", stage,
                            "/throttle/pets/GET/rateLimit"),
               "5");
        EXPECT_EQ(find(target), pets);
        change("remove", "/apiStages", "a1:" + stage);
        EXPECT_EQ(find(target), Route());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(find("/a1/prod/pets"), route("prod", "/pets/GET"));
}

}  // namespace
}  // namespace weir
