// What makes a usage plan acceptable.

#ifndef WEIR_PLAN_VALIDATION_H_
#define WEIR_PLAN_VALIDATION_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "google/protobuf/map.h"
#include "plan/plan_changes.h"
#include "proto/usage_plan.pb.h"

namespace weir {

// How an enforcer reads its plans.
struct PlanRules {
  enum class QuotaOffset {
    // `quota.offset` is requests, subtracted from the limit in a key's first
    // period: 0 to the limit, or any number while that is 0.
    kRequests,
    // `quota.offset` is the day on which the period starts: DAY 0, WEEK 0
    // (Sunday) to 6, MONTH 0 (the 1st) to 27 (the 28th).
    kStartDay,
  };
  QuotaOffset quota_offset = QuotaOffset::kRequests;
};

// Bounds that the documents in proto/usage_plan.proto leave open. AWS allows 20
// method throttles per stage by default and raises that on request; ours bounds
// memory only.
inline constexpr int kMaxApiStages = 1000;
inline constexpr int kMaxMethodThrottles = 1000;  // Per stage.
inline constexpr int kMaxProductCodeCharacters = 1024;

// The ranges of a plan's numbers. A rate may also be 0.
inline constexpr std::int64_t kMaxBurst =
    std::numeric_limits<std::int32_t>::max();
inline constexpr double kMinRate = 1e-6;
inline constexpr double kMaxRate = 1e9;
inline constexpr std::int64_t kMaxQuotaLimit = (std::int64_t{1} << 43) - 1;

// One thing that is wrong with a plan.
struct PlanProblem {
  // Where: a JSON Pointer (RFC 6901) such as
  // "/apiStages/0/throttle/~1pets~1GET".
  std::string path;

  // What is there and what is expected, for people.
  std::string message;

  // What API Gateway answers; "" where its text is not known.
  std::string aws_text;
};

// All problems of `plan`, in the order of its members (maps by key); none if
// the plan may be enforced. Characters are Unicode code points; text that is
// not UTF-8 is a problem. `id` is not examined: it is the enforcer's to assign.
//
// If `changes` are given, the version before them had no problems, no two
// stages have one name, and only what the changes can have spoiled is examined.
std::vector<PlanProblem> validate_usage_plan(
    const v1::UsagePlan& plan, const PlanRules& rules = {},
    const PlanChanges* changes = nullptr);

// The same for tags alone, of a plan or of whatever else has some.
std::vector<PlanProblem> validate_tags(
    const google::protobuf::Map<std::string, std::string>& tags);

// The period that documents call `name`: "DAY", "WEEK" or "MONTH".
std::optional<v1::QuotaPeriod> quota_period_from_name(std::string_view name);

// OK if there are no problems; else InvalidArgument with one line that names
// the first eight and the number of the rest, and the first known AWS text.
// `what` has them: "usage plan", "API key".
absl::Status to_status(absl::Span<const PlanProblem> problems,
                       std::string_view what = "usage plan");

// InvalidArgument, with AWS's text, for a tag's key that begins with "aws:" in
// any case: those are AWS's own. What was tagged by AWS may still have some, so
// this is for whoever sets tags, and no problem of a plan.
absl::Status check_tag_key(std::string_view key);

}  // namespace weir

#endif  // WEIR_PLAN_VALIDATION_H_
