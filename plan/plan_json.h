// The documents as JSON, member for member as API Gateway writes and reads
// them.

#ifndef WEIR_PLAN_PLAN_JSON_H_
#define WEIR_PLAN_PLAN_JSON_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "google/protobuf/map.h"
#include "google/protobuf/struct.pb.h"
#include "json/json_writer.h"
#include "proto/api_key.pb.h"
#include "proto/patch_operation.pb.h"
#include "proto/usage.pb.h"
#include "proto/usage_plan.pb.h"

namespace weir {

// Reads a usage plan, such as `aws apigateway get-usage-plan` prints. Numbers
// may be strings that hold one, and integers with more digits than a double
// keeps have to be; null is the same as an absent member; method keys become
// canonical. The plan is not validated: see validate_usage_plan().
//
// InvalidArgument: not JSON (with line and column), a member that a usage plan
// does not have, a value of the wrong type (with its path), a period or method
// key that does not exist, two keys for one method. ResourceExhausted: beyond
// the limits of parse_json().
absl::StatusOr<v1::UsagePlan> usage_plan_from_json(std::string_view json);
// The same of JSON that was read already. Errors begin with the place of what
// is wrong, a JSON Pointer, unless that is the whole: "/quota/limit: ".
absl::StatusOr<v1::UsagePlan> usage_plan_from_value(
    google::protobuf::Value value);

// Whether there is a member `tags` where there are no tags: API Gateway writes
// one when it answers Get and Update, none in lists and for Create.
enum class TagsMember { kAlways, kIfAny };

// Writes a usage plan as GetUsagePlan and UpdateUsagePlan answer it:
// `apiStages` and `tags` always, other members if set; all numbers as JSON
// numbers, rates with a fraction ("10.0") and as the shortest that reads back
// the same; members in the order of the .proto file, maps sorted by key.
std::string usage_plan_to_json(const v1::UsagePlan& plan,
                               JsonStyle style = JsonStyle::kCompact);
// The same as part of a larger text.
void write_usage_plan(const v1::UsagePlan& plan, TagsMember tags,
                      JsonWriter* json);

// Writes the method throttles of `stage`, as a plan has them and as a patch of
// `/apiStages/{apiId:stage}/throttle` takes them in a string.
std::string method_throttles_to_json(const v1::ApiStage& stage);

// Reads a patch: `{"patchOperations": [{"op", "path", "value"}, ...]}` as
// clients of API Gateway send it, or the bare array of RFC 6902. The operations
// are read, and errors told, as by json_patch_from_json(); whether they make
// sense is for patch_usage_plan() to say.
absl::StatusOr<std::vector<v1::PatchOperation>> patch_operations_from_json(
    std::string_view json);

// Writes a patch in the first of these forms, the body of UpdateUsagePlan.
// kPretty writes an operation a line.
std::string patch_operations_to_json(
    absl::Span<const v1::PatchOperation> operations,
    JsonStyle style = JsonStyle::kCompact);

// Writes usage as GetUsage answers it: `{"usagePlanId", "startDate", "endDate",
// "position", "values": {keyId: [[used, remaining], ...]}}`; `position` only if
// there is a next page.
std::string usage_to_json(const v1::Usage& usage,
                          JsonStyle style = JsonStyle::kCompact);

// Writes an API key as GetApiKey answers it; its secret only if
// `include_value`. Dates are whole seconds since 1970, as numbers; `stageKeys`
// and `tags` are always there.
std::string api_key_to_json(const v1::ApiKey& key, bool include_value,
                            JsonStyle style = JsonStyle::kCompact);
// The same as part of a larger text.
void write_api_key(const v1::ApiKey& key, bool include_value, TagsMember tags,
                   JsonWriter* json);

// Writes `{"name": "value", ...}`, by name.
void write_tags(const google::protobuf::Map<std::string, std::string>& tags,
                JsonWriter* json);

}  // namespace weir

#endif  // WEIR_PLAN_PLAN_JSON_H_
