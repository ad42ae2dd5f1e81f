// The documents as JSON, member for member as API Gateway writes and reads
// them.

#ifndef WEIR_PLAN_PLAN_JSON_H_
#define WEIR_PLAN_PLAN_JSON_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "json/json_writer.h"
#include "proto/api_key.pb.h"
#include "proto/patch_operation.pb.h"
#include "proto/usage.pb.h"
#include "proto/usage_plan.pb.h"

namespace weir {

// Reads a usage plan, such as `aws apigateway get-usage-plan` prints. Numbers
// may be strings that hold one; null is the same as an absent member; method
// keys become canonical. The plan is not validated: see validate_usage_plan().
//
// InvalidArgument: not JSON (with line and column), a member that a usage plan
// does not have, a value of the wrong type (with its path), a period or method
// key that does not exist, two keys for one method. ResourceExhausted: beyond
// the limits of parse_json().
absl::StatusOr<v1::UsagePlan> usage_plan_from_json(std::string_view json);

// Writes a usage plan as GetUsagePlan and UpdateUsagePlan answer it:
// `apiStages` and `tags` always, other members if set; all numbers as JSON
// numbers, rates with a fraction ("10.0") and as the shortest that reads back
// the same; members in the order of the .proto file, maps sorted by key.
std::string usage_plan_to_json(const v1::UsagePlan& plan,
                               JsonStyle style = JsonStyle::kCompact);

// Reads a patch: `{"patchOperations": [{"op", "path", "value", "from"}, ...]}`
// as clients of API Gateway send it, or the bare array of RFC 6902. `op` and
// `path` are required; any other member of an operation is ignored, as RFC 6902
// asks. An absent value stays absent, and null is a value. Whether the
// operations make sense is for patch_usage_plan() to say. Errors as above.
absl::StatusOr<std::vector<v1::PatchOperation>> patch_operations_from_json(
    std::string_view json);

// Writes usage as GetUsage answers it: `{"usagePlanId", "startDate", "endDate",
// "position", "values": {keyId: [[used, remaining], ...]}}`; `position` only if
// there is a next page.
std::string usage_to_json(const v1::Usage& usage,
                          JsonStyle style = JsonStyle::kCompact);

// Writes an API key as GetApiKey answers it; its secret only if
// `include_value`. Dates are whole seconds since 1970, as numbers.
std::string api_key_to_json(const v1::ApiKey& key, bool include_value,
                            JsonStyle style = JsonStyle::kCompact);

}  // namespace weir

#endif  // WEIR_PLAN_PLAN_JSON_H_
