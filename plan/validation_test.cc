#include "weir/plan/validation.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/plan/plan_error.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr PlanRules kStartDay = {PlanRules::QuotaOffset::kStartDay};

v1::UsagePlan small_plan() {
  v1::UsagePlan plan;
  plan.set_name("basic");
  return plan;
}

v1::UsagePlan quota_plan(std::int64_t limit, std::int64_t offset,
                         v1::QuotaPeriod period) {
  v1::UsagePlan plan = small_plan();
  plan.mutable_quota()->set_limit(limit);
  plan.mutable_quota()->set_offset(offset);
  plan.mutable_quota()->set_period(period);
  return plan;
}

v1::ApiStage* add_stage(v1::UsagePlan* plan, std::string api_id,
                        std::string stage) {
  v1::ApiStage* added = plan->add_api_stages();
  added->set_api_id(std::move(api_id));
  added->set_stage(std::move(stage));
  return added;
}

std::vector<std::string> paths(const v1::UsagePlan& plan,
                               const PlanRules& rules = {}) {
  std::vector<std::string> out;
  for (const PlanProblem& problem : validate_usage_plan(plan, rules)) {
    EXPECT_NE(problem.message, "");
    out.push_back(problem.path);
  }
  return out;
}

std::string aws_text_of(const v1::UsagePlan& plan,
                        const PlanRules& rules = {}) {
  const auto problems = validate_usage_plan(plan, rules);
  return problems.size() == 1 ? problems[0].aws_text
                              : absl::StrCat(problems.size(), " problems");
}

std::string euro(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "\xE2\x82\xAC";
  return text;
}

TEST(ValidateUsagePlan, TakesTheSmallestAndTheLargestPlan) {
  EXPECT_THAT(paths(small_plan()), IsEmpty());
  v1::UsagePlan plan = quota_plan((std::int64_t{1} << 43) - 1, 0, v1::MONTH);
  plan.set_name(euro(1024));
  plan.set_description(euro(125000));
  plan.set_product_code(euro(kMaxProductCodeCharacters));
  plan.mutable_throttle()->set_burst_limit(2147483647);
  plan.mutable_throttle()->set_rate_limit(1e9);
  for (int i = 0; i < kMaxApiStages; ++i) {
    add_stage(&plan, euro(256), absl::StrCat(i));
  }
  for (int i = 0; i < kMaxMethodThrottles; ++i) {
    (*plan.mutable_api_stages(0)
          ->mutable_throttle())[absl::StrCat("/", i, "/GET")]
        .set_rate_limit(1e-6);
  }
  for (int i = 0; i < 50; ++i) {
    (*plan.mutable_tags())[absl::StrCat(100 + i) + euro(125)] = euro(256);
  }
  EXPECT_THAT(paths(plan), IsEmpty());
}

TEST(ValidateUsagePlan, BoundsTexts) {
  v1::UsagePlan plan;
  EXPECT_THAT(paths(plan), ElementsAre("/name"));
  plan.set_name(euro(1025));
  plan.set_description(euro(125001));
  plan.set_product_code(euro(kMaxProductCodeCharacters + 1));
  (*plan.mutable_tags())[""] = "x";
  (*plan.mutable_tags())["a/" + euro(127)] = "x";
  (*plan.mutable_tags())["b~"] = euro(257);
  EXPECT_THAT(paths(plan),
              ElementsAre("/name", "/description", "/productCode", "/tags/",
                          "/tags/a~1" + euro(127), "/tags/b~0"));
}

TEST(ValidateUsagePlan, RefusesWhatIsNotUtf8) {
  v1::UsagePlan plan;
  plan.set_name("\xFF");
  plan.set_description("\xC3");
  add_stage(&plan, "\xED\xA0\x80", "s");
  (*plan.mutable_tags())["k"] = "\xFF";
  EXPECT_THAT(paths(plan), ElementsAre("/name", "/description",
                                       "/apiStages/0/apiId", "/tags/k"));
}

TEST(ValidateUsagePlan, BoundsCounts) {
  v1::UsagePlan plan = small_plan();
  plan.mutable_throttle();
  for (int i = 0; i <= kMaxApiStages; ++i) {
    add_stage(&plan, "a", absl::StrCat(i));
  }
  for (int i = 0; i <= kMaxMethodThrottles; ++i) {
    (*plan.mutable_api_stages(3)
          ->mutable_throttle())[absl::StrCat("/", i, "/GET")];
  }
  for (int i = 0; i <= 50; ++i) (*plan.mutable_tags())[absl::StrCat(i)];
  EXPECT_THAT(paths(plan),
              ElementsAre("/apiStages", "/apiStages/3/throttle", "/tags"));
}

TEST(ValidateUsagePlan, ExaminesStages) {
  v1::UsagePlan plan = small_plan();
  plan.set_id("p1");
  add_stage(&plan, "a", "prod");
  add_stage(&plan, "a", "dev");
  add_stage(&plan, "b", "prod");
  EXPECT_THAT(paths(plan), IsEmpty());
  add_stage(&plan, "a", "prod");
  add_stage(&plan, "", "x:y");
  add_stage(&plan, "x/y", std::string(257, 's'));
  EXPECT_THAT(
      paths(plan),
      ElementsAre("/apiStages/3", "/apiStages/4/apiId", "/apiStages/4/stage",
                  "/apiStages/5/apiId", "/apiStages/5/stage"));
  EXPECT_EQ(validate_usage_plan(plan)[1].aws_text,
            "Invalid API Stage {api: , stage: x:y} specified for usageplan p1");
}

TEST(ValidateUsagePlan, MethodThrottlesNeedAPlanThrottle) {
  v1::UsagePlan plan = small_plan();
  (*add_stage(&plan, "a", "prod")->mutable_throttle())["/pets/GET"];
  EXPECT_THAT(paths(plan), ElementsAre("/apiStages/0/throttle"));
  EXPECT_EQ(aws_text_of(plan),
            "Can not define fine grain throttling if usage plan throttle is "
            "not defined.");
  plan.mutable_throttle();
  EXPECT_THAT(paths(plan), IsEmpty());
}

TEST(ValidateUsagePlan, MethodKeysAreCanonical) {
  v1::UsagePlan plan = small_plan();
  plan.mutable_throttle();
  auto& throttles = *add_stage(&plan, "a", "prod")->mutable_throttle();
  throttles["/pets/GET"];
  throttles["//GET"];
  EXPECT_THAT(paths(plan), IsEmpty());
  throttles["/pets/get"];
  EXPECT_THAT(paths(plan), ElementsAre("/apiStages/0/throttle/~1pets~1get"));
  EXPECT_EQ(aws_text_of(plan),
            "Invalid method {resourcePath: /pets,method: get} specified");
  throttles.erase("/pets/get");
  throttles["pets/GET"];
  EXPECT_THAT(paths(plan), ElementsAre("/apiStages/0/throttle/pets~1GET"));
  EXPECT_EQ(validate_usage_plan(plan)[0].message,
            "expected the key \"/pets/GET\"");
}

TEST(ValidateUsagePlan, BoundsRates) {
  v1::UsagePlan plan = small_plan();
  for (const double rate : {0.0, -0.0, 1e-6, 0.1, 1.0, 1e9}) {
    plan.mutable_throttle()->set_rate_limit(rate);
    EXPECT_THAT(paths(plan), IsEmpty()) << rate;
  }
  for (const double rate : {-1.0, 9.99e-7, 1.0000000001e9, std::nan(""),
                            std::numeric_limits<double>::infinity(),
                            -std::numeric_limits<double>::infinity()}) {
    plan.mutable_throttle()->set_rate_limit(rate);
    EXPECT_THAT(paths(plan), ElementsAre("/throttle/rateLimit")) << rate;
  }
}

TEST(ValidateUsagePlan, BoundsBursts) {
  v1::UsagePlan plan = small_plan();
  for (const std::int64_t burst : {0LL, 1LL, 2147483647LL}) {
    plan.mutable_throttle()->set_burst_limit(burst);
    EXPECT_THAT(paths(plan), IsEmpty()) << burst;
  }
  for (const std::int64_t burst : {-1LL, 2147483648LL}) {
    plan.mutable_throttle()->set_burst_limit(burst);
    EXPECT_THAT(paths(plan), ElementsAre("/throttle/burstLimit")) << burst;
  }
  plan.mutable_throttle()->set_burst_limit(1);
  (*add_stage(&plan, "a", "s")->mutable_throttle())["/x/GET"].set_burst_limit(
      -1);
  EXPECT_THAT(paths(plan),
              ElementsAre("/apiStages/0/throttle/~1x~1GET/burstLimit"));
}

TEST(ValidateUsagePlan, BoundsQuotaLimits) {
  for (const PlanRules& rules : {PlanRules{}, kStartDay}) {
    for (const std::int64_t limit : {0, 1}) {
      EXPECT_THAT(paths(quota_plan(limit, 0, v1::DAY), rules), IsEmpty());
    }
    for (const std::int64_t limit : {std::int64_t{-1}, std::int64_t{1} << 43}) {
      EXPECT_EQ(aws_text_of(quota_plan(limit, 0, v1::DAY), rules),
                "Usage Plan quota limit must be a non-negative numeric");
    }
    // A missing limit does not suspend the plan.
    v1::UsagePlan plan = quota_plan(0, 0, v1::DAY);
    plan.mutable_quota()->clear_limit();
    EXPECT_EQ(aws_text_of(plan, rules),
              "Usage Plan quota limit must be a non-negative numeric");
    EXPECT_EQ(validate_usage_plan(plan, rules)[0].message,
              "expected 0 to 8796093022207, got none");
  }
  EXPECT_THAT(paths(quota_plan(0, 6, v1::WEEK), kStartDay), IsEmpty());
}

TEST(ValidateUsagePlan, NeedsAPeriod) {
  EXPECT_EQ(
      aws_text_of(quota_plan(1, 0, v1::QUOTA_PERIOD_UNSPECIFIED)),
      "Invalid Usage Plan quota period specified. Must be one of [DAY, WEEK, "
      "MONTH]");
  EXPECT_THAT(
      paths(quota_plan(1, 0, static_cast<v1::QuotaPeriod>(4)), kStartDay),
      ElementsAre("/quota/period"));
  v1::UsagePlan plan = small_plan();
  plan.mutable_quota();
  EXPECT_THAT(paths(plan), ElementsAre("/quota/limit", "/quota/period"));
}

TEST(ValidateUsagePlan, OffsetIsRequestsByDefault) {
  EXPECT_THAT(paths(quota_plan(100, 0, v1::DAY)), IsEmpty());
  EXPECT_THAT(paths(quota_plan(100, 100, v1::DAY)), IsEmpty());
  EXPECT_THAT(paths(quota_plan(100, 101, v1::DAY)),
              ElementsAre("/quota/offset"));
  EXPECT_THAT(paths(quota_plan(100, -1, v1::MONTH)),
              ElementsAre("/quota/offset"));
  EXPECT_THAT(paths(quota_plan(-1, 5, v1::DAY)), ElementsAre("/quota/limit"));
  EXPECT_THAT(paths(quota_plan(0, 5, v1::DAY)), IsEmpty());
  EXPECT_THAT(paths(quota_plan(0, -1, v1::DAY)), ElementsAre("/quota/offset"));
}

TEST(ValidateUsagePlan, OffsetMayBeTheStartDay) {
  struct Case {
    v1::QuotaPeriod period;
    std::int64_t last;
    const char* text;
  };
  for (const Case& c :
       {Case{v1::DAY, 0,
             "Usage Plan quota offset must be zero in the DAY period"},
        Case{v1::WEEK, 6,
             "Usage Plan quota offset must be between 0 and 6 inclusive in the "
             "WEEK period"},
        Case{v1::MONTH, 27,
             "Usage Plan quota offset must be between 0 and 27 inclusive in "
             "the MONTH period"}}) {
    EXPECT_THAT(paths(quota_plan(1, 0, c.period), kStartDay), IsEmpty());
    EXPECT_THAT(paths(quota_plan(1, c.last, c.period), kStartDay), IsEmpty());
    EXPECT_EQ(aws_text_of(quota_plan(1, c.last + 1, c.period), kStartDay),
              c.text);
    EXPECT_EQ(aws_text_of(quota_plan(1, -1, c.period), kStartDay), c.text);
  }
}

TEST(ToStatus, NamesEveryProblemOfAFew) {
  EXPECT_TRUE(to_status({}).ok());
  const absl::Status status = to_status(
      {{"/name", "too long", ""}, {"/quota/limit", "too small", "AWS says"}});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(),
            "invalid usage plan: /name: too long; /quota/limit: too small");
  EXPECT_EQ(aws_message(status), "AWS says");
}

TEST(ToStatus, CountsTheRestOfMany) {
  const std::vector<PlanProblem> problems(1000, {"/a", "b", ""});
  const std::string message(to_status(problems).message());
  EXPECT_THAT(message, HasSubstr("/a: b; and 992 more"));
  EXPECT_LT(message.size(), 200u);
}

TEST(QuotaPeriodFromName, KnowsThreeNames) {
  EXPECT_EQ(quota_period_from_name("DAY"), v1::DAY);
  EXPECT_EQ(quota_period_from_name("WEEK"), v1::WEEK);
  EXPECT_EQ(quota_period_from_name("MONTH"), v1::MONTH);
  for (const char* name : {"", "day", "YEAR", "QUOTA_PERIOD_UNSPECIFIED"}) {
    EXPECT_EQ(quota_period_from_name(name), std::nullopt);
  }
}

TEST(ToStatus, SaysWhatIsInvalid) {
  const std::vector<PlanProblem> problems = {{"/tags/a", "too long", ""}};
  EXPECT_EQ(to_status(problems).message(),
            "invalid usage plan: /tags/a: too long");
  EXPECT_EQ(to_status(problems, "API key").message(),
            "invalid API key: /tags/a: too long");
}

TEST(CheckTagKey, KeepsThePrefixOfAws) {
  for (const char* key :
       {"aws:", "aws:x", "AWS:cloudformation:stack", "aWs:"}) {
    EXPECT_EQ(aws_message(check_tag_key(key)),
              "Invalid tag key. Tag keys cannot start with 'aws:' (case "
              "insensitive)")
        << key;
  }
  for (const char* key : {"aws", "aws-x", " aws:x", "x:aws:", "aw:s", ""}) {
    EXPECT_TRUE(check_tag_key(key).ok()) << key;
  }
  // A plan that has such a tag already can be patched.
  v1::UsagePlan plan = small_plan();
  (*plan.mutable_tags())["aws:cloudformation:stack-name"] = "x";
  EXPECT_THAT(paths(plan), IsEmpty());
}

}  // namespace
}  // namespace weir
