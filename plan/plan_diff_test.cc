#include "weir/plan/plan_diff.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/struct.pb.h"
#include "gtest/gtest.h"
#include "weir/plan/plan_json.h"
#include "weir/plan/plan_patch.h"
#include "weir/plan/testing/plan_samples.h"
#include "weir/plan/validation.h"

namespace weir {
namespace {

using ::testing::HasSubstr;

using Patch = std::vector<v1::PatchOperation>;

constexpr char kPlan[] = R"({
  "id": "p1", "name": "basic", "description": "d", "productCode": "c",
  "apiStages": [
    {"apiId": "a", "stage": "prod", "throttle": {
      "/pets/GET": {"burstLimit": 2, "rateLimit": 1},
      "//GET": {"burstLimit": 3, "rateLimit": 0.5}}},
    {"apiId": "b", "stage": "test"}],
  "throttle": {"burstLimit": 20, "rateLimit": 10},
  "quota": {"limit": 1000, "offset": 0, "period": "WEEK"},
  "tags": {"team": "x"}
})";

v1::UsagePlan basic() { return *usage_plan_from_json(kPlan); }

// The operations from `before` to `after` in JSON, after checking their effect;
// or the error.
std::string diff(const v1::UsagePlan& before, const v1::UsagePlan& after) {
  const auto patch = diff_usage_plans(before, after);
  if (!patch.ok()) return std::string(patch.status().message());
  const auto patched = patch_usage_plan(before, *patch);
  EXPECT_TRUE(patched.ok()) << patched.status();
  if (patched.ok()) {
    EXPECT_EQ(usage_plan_to_json(*patched), usage_plan_to_json(after));
  }
  return patch_operations_to_json(*patch);
}

// The operations for the effect of `change` on the basic plan.
template <typename Change>
std::string diff_of(Change change) {
  v1::UsagePlan after = basic();
  change(after);
  return diff(basic(), after);
}

TEST(DiffUsagePlans, IsEmptyForEqualPlans) {
  EXPECT_EQ(diff(basic(), basic()), R"({"patchOperations":[]})");
}

TEST(DiffUsagePlans, IsOneOperationForOneChange) {
  EXPECT_EQ(
      diff_of([](auto& plan) { plan.mutable_throttle()->set_rate_limit(0.1); }),
      R"({"patchOperations":[)"
      R"({"op":"replace","path":"/throttle/rateLimit","value":"0.1"}]})");
  EXPECT_EQ(
      diff_of([](auto& plan) { plan.mutable_throttle()->set_burst_limit(0); }),
      R"({"patchOperations":[)"
      R"({"op":"replace","path":"/throttle/burstLimit","value":"0"}]})");
  EXPECT_EQ(
      diff_of(
          [](auto& plan) { plan.mutable_quota()->set_limit(8796093022207); }),
      R"({"patchOperations":[)"
      R"({"op":"replace","path":"/quota/limit","value":"8796093022207"}]})");
  EXPECT_EQ(diff_of([](auto& plan) { plan.set_name("n"); }),
            R"({"patchOperations":[)"
            R"({"op":"replace","path":"/name","value":"n"}]})");
  EXPECT_EQ(diff_of([](auto& plan) { plan.clear_description(); }),
            R"({"patchOperations":[)"
            R"({"op":"replace","path":"/description","value":""}]})");
  EXPECT_EQ(diff_of([](auto& plan) { plan.clear_product_code(); }),
            R"({"patchOperations":[{"op":"remove","path":"/productCode"}]})");
  EXPECT_EQ(diff_of([](auto& plan) { plan.clear_quota(); }),
            R"({"patchOperations":[{"op":"remove","path":"/quota"}]})");
}

TEST(DiffUsagePlans, WritesNoNegativeZero) {
  v1::UsagePlan before, after;
  before.set_name("n");
  after.set_name("n");
  after.mutable_throttle()->set_rate_limit(-0.0);
  EXPECT_EQ(diff(before, after),
            R"({"patchOperations":[)"
            R"({"op":"replace","path":"/throttle/rateLimit","value":"0"},)"
            R"({"op":"replace","path":"/throttle/burstLimit","value":"0"}]})");
  EXPECT_THAT(usage_plan_to_json(after), HasSubstr(R"("rateLimit":0.0)"));
}

TEST(DiffUsagePlans, SuspendsAPlan) {
  EXPECT_EQ(diff_of([](auto& plan) { plan.mutable_quota()->set_limit(0); }),
            R"({"patchOperations":[)"
            R"({"op":"replace","path":"/quota/limit","value":"0"}]})");
}

TEST(DiffUsagePlans, MakesWhatIsAbsentInFull) {
  v1::UsagePlan before, after;
  before.set_name("n");
  after.set_name("n");
  after.set_product_code("c");
  after.mutable_throttle();
  after.mutable_quota()->set_limit(5);
  after.mutable_quota()->set_period(v1::MONTH);
  EXPECT_EQ(diff(before, after),
            R"({"patchOperations":[)"
            R"({"op":"replace","path":"/productCode","value":"c"},)"
            R"({"op":"replace","path":"/throttle/rateLimit","value":"0"},)"
            R"({"op":"replace","path":"/throttle/burstLimit","value":"0"},)"
            R"({"op":"replace","path":"/quota/limit","value":"5"},)"
            R"({"op":"replace","path":"/quota/offset","value":"0"},)"
            R"({"op":"replace","path":"/quota/period","value":"MONTH"}]})");
}

TEST(DiffUsagePlans, ChangesMethodsOneByOne) {
  EXPECT_EQ(
      diff_of([](auto& plan) {
        auto& methods = *plan.mutable_api_stages(0)->mutable_throttle();
        methods["/pets/GET"].set_rate_limit(2.5);
        methods["/a/~x/PUT"].set_burst_limit(4);
        methods.erase("//GET");
      }),
      R"({"patchOperations":[)"
      R"({"op":"remove","path":"/apiStages/a:prod/throttle///GET"},)"
      R"({"op":"replace","path":"/apiStages/a:prod/throttle//a/~x/PUT/rateLimit","value":"0"},)"
      R"({"op":"replace","path":"/apiStages/a:prod/throttle//a/~x/PUT/burstLimit","value":"4"},)"
      R"({"op":"replace","path":"/apiStages/a:prod/throttle//pets/GET/rateLimit","value":"2.5"}]})");
}

TEST(DiffUsagePlans, ReplacesTheMapOfAStageIfMuchChanges) {
  EXPECT_EQ(diff_of([](auto& plan) {
              auto& methods = *plan.mutable_api_stages(1)->mutable_throttle();
              for (const char* key : {"/a/GET", "/b/GET", "/c/GET", "/d/GET"}) {
                methods[key].set_burst_limit(1);
              }
            }),
            R"({"patchOperations":[)"
            R"({"op":"replace","path":"/apiStages/b:test/throttle","value":"{)"
            R"(\"/a/GET\":{\"burstLimit\":1,\"rateLimit\":0.0},)"
            R"(\"/b/GET\":{\"burstLimit\":1,\"rateLimit\":0.0},)"
            R"(\"/c/GET\":{\"burstLimit\":1,\"rateLimit\":0.0},)"
            R"(\"/d/GET\":{\"burstLimit\":1,\"rateLimit\":0.0}}"}]})");
  EXPECT_EQ(
      diff_of([](auto& plan) { plan.mutable_api_stages(0)->clear_throttle(); }),
      R"({"patchOperations":[)"
      R"({"op":"remove","path":"/apiStages/a:prod/throttle"}]})");
}

TEST(DiffUsagePlans, RemovesAndAddsStages) {
  EXPECT_EQ(
      diff_of([](auto& plan) {
        plan.mutable_api_stages(1)->set_api_id("c");
        (*plan.mutable_api_stages(1)->mutable_throttle())["//GET"]
            .set_burst_limit(1);
      }),
      R"({"patchOperations":[)"
      R"({"op":"remove","path":"/apiStages","value":"b:test"},)"
      R"({"op":"add","path":"/apiStages","value":"c:test"},)"
      R"({"op":"replace","path":"/apiStages/c:test/throttle///GET/rateLimit","value":"0"},)"
      R"({"op":"replace","path":"/apiStages/c:test/throttle///GET/burstLimit","value":"1"}]})");
}

TEST(DiffUsagePlans, MovesAStageByRemovingAndAddingIt) {
  v1::UsagePlan before, after;
  before.set_name("n");
  for (const char* api : {"a", "b", "c"}) {
    before.add_api_stages()->set_api_id(api);
    before.mutable_api_stages()->rbegin()->set_stage("s");
  }
  after = before;
  after.mutable_api_stages()->SwapElements(0, 1);  // b, a, c
  EXPECT_EQ(diff(before, after),
            R"({"patchOperations":[)"
            R"({"op":"remove","path":"/apiStages","value":"a:s"},)"
            R"({"op":"remove","path":"/apiStages","value":"c:s"},)"
            R"({"op":"add","path":"/apiStages","value":"a:s"},)"
            R"({"op":"add","path":"/apiStages","value":"c:s"}]})");
}

TEST(DiffUsagePlans, NamesWhatNoPatchCanChange) {
  EXPECT_EQ(diff_of([](auto& plan) { plan.set_id("p2"); }),
            R"(/id: a patch cannot change "p1" to "p2")");
  EXPECT_EQ(diff_of([](auto& plan) { plan.clear_name(); }),
            "/name: a patch cannot remove it");
  constexpr char kTags[] = "/tags: a patch cannot change them";
  EXPECT_EQ(diff_of([](auto& plan) { plan.clear_tags(); }), kTags);
  EXPECT_EQ(diff_of([](auto& plan) { (*plan.mutable_tags())["team"] = "y"; }),
            kTags);
  EXPECT_EQ(diff_of([](auto& plan) { (*plan.mutable_tags())["more"] = ""; }),
            kTags);
  EXPECT_EQ(diff_of([](auto& plan) {
              plan.clear_tags();
              (*plan.mutable_tags())["other"] = "x";
            }),
            kTags);
  v1::UsagePlan other = basic();
  other.set_id("");
  EXPECT_EQ(diff_usage_plans(basic(), other).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(DiffUsagePlans, StaysWithinWhatAPatchMayHave) {
  v1::UsagePlan before, after;
  for (int i = 0; i < kMaxApiStages; ++i) {
    for (v1::UsagePlan* plan : {&before, &after}) {
      v1::ApiStage* stage = plan->add_api_stages();
      stage->set_api_id(absl::StrCat(i));
      stage->set_stage(plan == &before ? "x" : "y");
      for (const char* key : {"/a/GET", "/b/GET", "/c/GET"}) {
        (*stage->mutable_throttle())[key].set_burst_limit(i);
      }
    }
  }
  const auto patch = diff_usage_plans(before, after);
  ASSERT_TRUE(patch.ok());
  EXPECT_EQ(patch->size(), 8u * kMaxApiStages);
  EXPECT_LT(patch->size(), kMaxPlanPatchOperations + 0u);
}

TEST(DiffUsagePlans, TurnsAnyPlanIntoAnyOther) {
  const std::uint64_t seed = test_seed(1);
  std::mt19937_64 random(seed);
  int longest = 0;
  for (int i = 0; i < 500; ++i) {
    SCOPED_TRACE(testing::Message()
                 << "WEIR_TEST_SEED=" << seed << ", pair " << i);
    const v1::UsagePlan before = random_plan(&random);
    v1::UsagePlan after = random_plan(&random);
    after.set_id(before.id());
    *after.mutable_tags() = before.tags();
    // Half of the pairs have common stages, in another order.
    if (i % 2 == 0 && before.has_throttle() && after.has_throttle()) {
      *after.mutable_api_stages() = before.api_stages();
      std::shuffle(after.mutable_api_stages()->pointer_begin(),
                   after.mutable_api_stages()->pointer_end(), random);
    }
    const auto patch = diff_usage_plans(before, after);
    ASSERT_TRUE(patch.ok()) << patch.status();
    for (const v1::PatchOperation& operation : *patch) {
      ASSERT_TRUE(!operation.has_value() ||
                  operation.value().kind_case() ==
                      google::protobuf::Value::kStringValue);
    }
    longest = std::max(longest, static_cast<int>(patch->size()));
    // As a client would send it.
    const auto sent =
        patch_operations_from_json(patch_operations_to_json(*patch));
    ASSERT_TRUE(sent.ok()) << sent.status();
    const auto patched = patch_usage_plan(before, *sent);
    ASSERT_TRUE(patched.ok()) << patched.status();
    ASSERT_EQ(plan_bytes(*patched), plan_bytes(after))
        << patch_operations_to_json(*patch, JsonStyle::kPretty);
    ASSERT_TRUE(diff_usage_plans(*patched, after)->empty());
  }
  EXPECT_GT(longest, 10);
}

}  // namespace
}  // namespace weir
