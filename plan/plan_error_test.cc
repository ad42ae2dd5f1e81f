#include "weir/plan/plan_error.h"

#include "gtest/gtest.h"

namespace weir {
namespace {

TEST(PlanError, CarriesBothTexts) {
  const absl::Status status =
      plan_error(absl::StatusCode::kNotFound, "no plan \"x\"",
                 aws_text::kUnknownUsagePlan);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "no plan \"x\"");
  EXPECT_EQ(aws_message(status), "Invalid Usage Plan ID specified");
}

TEST(PlanError, AwsMessageIsTheMessageWhereAwsTextIsUnknown) {
  EXPECT_EQ(aws_message(plan_error(absl::StatusCode::kAborted, "busy")),
            "busy");
  EXPECT_EQ(aws_message(absl::InvalidArgumentError("bad")), "bad");
  EXPECT_EQ(aws_message(absl::OkStatus()), "");
}

TEST(AwsText, IsAwsTextToTheLetter) {
  EXPECT_EQ(aws_text::invalid_patch_path("/x", "add", {}),
            "Invalid patch path  '/x' specified for op 'add'. Must be one of: "
            "[]");
  EXPECT_EQ(aws_text::invalid_patch_path(
                "/x", "replace",
                {"/description", "/enabled", "/name", "/customerId"}),
            "Invalid patch path  '/x' specified for op 'replace'. Must be one "
            "of: [/description, /enabled, /name, /customerId]");
  EXPECT_EQ(aws_text::unknown_api_stage("a1", "prod", "p1"),
            "Invalid API Stage {api: a1, stage: prod} specified for usageplan "
            "p1");
  EXPECT_EQ(aws_text::invalid_method("/pets", "get"),
            "Invalid method {resourcePath: /pets,method: get} specified");
  EXPECT_EQ(aws_text::usage_plan_has_stages("p1", "a1", "prod"),
            "Cannot delete Usage Plan p1 because there are API Stages "
            "associated with it, including a1:prod");
}

}  // namespace
}  // namespace weir
