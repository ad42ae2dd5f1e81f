// The rules that a valid usage plan follows.

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
#include "weir/plan/plan_changes.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir {

// How an enforcer interprets its plans.
struct PlanRules {
  enum class QuotaOffset {
    // `quota.offset` is a number of requests, subtracted from the limit in a
    // key's first period: 0 to the limit, or any number if the limit is 0.
    kRequests,
    // `quota.offset` is the day on which the period starts: DAY 0, WEEK 0
    // (Sunday) to 6, MONTH 0 (the 1st) to 27 (the 28th).
    kStartDay,
  };
  QuotaOffset quota_offset = QuotaOffset::kRequests;
};

// Bounds that the documents in proto/usage_plan.proto leave open. AWS allows 20
// method throttles per stage by default and raises that on request; this bound
// only limits memory.
inline constexpr int kMaxApiStages = 1000;
inline constexpr int kMaxMethodThrottles = 1000;  // Per stage.
inline constexpr int kMaxProductCodeCharacters = 1024;

// The ranges of a plan's numbers. A rate may also be 0.
inline constexpr std::int64_t kMaxBurst =
    std::numeric_limits<std::int32_t>::max();
inline constexpr double kMinRate = 1e-6;
inline constexpr double kMaxRate = 1e9;
inline constexpr std::int64_t kMaxQuotaLimit = (std::int64_t{1} << 43) - 1;

// One problem of a plan.
struct PlanProblem {
  // The location: a JSON Pointer (RFC 6901) such as
  // "/apiStages/0/throttle/~1pets~1GET".
  std::string path;

  // What was found and what is expected, for people.
  std::string message;

  // API Gateway's own text; "" if it is not known.
  std::string aws_text;
};

// Returns all problems of `plan`, in the order of its members (maps by key), or
// none if the plan may be enforced. Characters are Unicode code points; text
// that is not UTF-8 is a problem. `id` is not examined, because the enforcer
// assigns it.
//
// If `changes` are given, only what they can have invalidated is examined. This
// requires that the plan had no problems before the changes, and that no two
// stages have the same name.
std::vector<PlanProblem> validate_usage_plan(
    const v1::UsagePlan& plan, const PlanRules& rules = {},
    const PlanChanges* changes = nullptr);

// The same for tags only, of a plan or of any other object with tags.
std::vector<PlanProblem> validate_tags(
    const google::protobuf::Map<std::string, std::string>& tags);

// Returns the period with this name: "DAY", "WEEK" or "MONTH".
std::optional<v1::QuotaPeriod> quota_period_from_name(std::string_view name);

// Returns OK if there are no problems, else InvalidArgument with one line that
// describes the first eight and gives the number of the rest, and with the
// first known AWS text. `what` is the object that has the problems: "usage
// plan", "API key".
absl::Status to_status(absl::Span<const PlanProblem> problems,
                       std::string_view what = "usage plan");

// Returns InvalidArgument, with AWS's text, for a tag key that begins with
// "aws:" in any case, because AWS reserves these. Objects that AWS tagged may
// still have such tags, so this is for setting tags only; they are not problems
// of a plan.
absl::Status check_tag_key(std::string_view key);

}  // namespace weir

#endif  // WEIR_PLAN_VALIDATION_H_
