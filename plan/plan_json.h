// Usage plans, keys, usage and patches as JSON, member for member as API
// Gateway writes and reads them.

#ifndef WEIR_PLAN_PLAN_JSON_H_
#define WEIR_PLAN_PLAN_JSON_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "google/protobuf/map.h"
#include "google/protobuf/struct.pb.h"
#include "weir/json/json_writer.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/patch_operation.pb.h"
#include "weir/proto/usage.pb.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir {

// Reads a usage plan as `aws apigateway get-usage-plan` prints it. Numbers may
// be strings that hold a number; integers with more digits than a double keeps
// must be strings. null is the same as an absent member. Method keys become
// canonical. The plan is not validated: see validate_usage_plan().
//
// InvalidArgument: not JSON (with line and column), a member that a usage plan
// does not have, a value of the wrong type (with its path), a period or method
// key that does not exist, two keys for one method. ResourceExhausted: beyond
// the limits of parse_json().
absl::StatusOr<v1::UsagePlan> usage_plan_from_json(std::string_view json);
// The same for JSON that is already parsed. An error begins with the location
// of the problem as a JSON Pointer, such as "/quota/limit: ", unless the
// problem is the whole document.
absl::StatusOr<v1::UsagePlan> usage_plan_from_value(
    google::protobuf::Value value);

// Whether to write a member `tags` if there are no tags. API Gateway writes it
// in the answers of Get and Update, but not in lists or in the answer of
// Create.
enum class TagsMember { kAlways, kIfAny };

// Writes a usage plan as GetUsagePlan and UpdateUsagePlan answer it.
// `apiStages` and `tags` are always present, other members only if set. All
// numbers are JSON numbers; rates have a fraction ("10.0") and are the shortest
// text that reads back the same. Members are in the order of the .proto file,
// and maps are sorted by key.
std::string usage_plan_to_json(const v1::UsagePlan& plan,
                               JsonStyle style = JsonStyle::kCompact);
// The same as part of a larger text.
void write_usage_plan(const v1::UsagePlan& plan, TagsMember tags,
                      JsonWriter* json);

// Writes the method throttles of `stage` as they appear in a plan, and in the
// string of a patch of `/apiStages/{apiId:stage}/throttle`.
std::string method_throttles_to_json(const v1::ApiStage& stage);

// Reads a patch: `{"patchOperations": [{"op", "path", "value"}, ...]}` as API
// Gateway's clients send it, or the bare array of RFC 6902. Operations are
// read, and errors reported, as by json_patch_from_json(). Whether the
// operations are meaningful is checked by patch_usage_plan().
absl::StatusOr<std::vector<v1::PatchOperation>> patch_operations_from_json(
    std::string_view json);

// Writes a patch in the first of these forms, which is the body of
// UpdateUsagePlan. kPretty writes one operation a line.
std::string patch_operations_to_json(
    absl::Span<const v1::PatchOperation> operations,
    JsonStyle style = JsonStyle::kCompact);

// Writes usage as GetUsage answers it: `{"usagePlanId", "startDate", "endDate",
// "position", "values": {keyId: [[used, remaining], ...]}}`. `position` is
// present only if there is a next page.
std::string usage_to_json(const v1::Usage& usage,
                          JsonStyle style = JsonStyle::kCompact);

// Writes an API key as GetApiKey answers it, with its secret only if
// `include_value` is true. Dates are whole seconds since 1970, as numbers.
// `stageKeys` and `tags` are always present.
std::string api_key_to_json(const v1::ApiKey& key, bool include_value,
                            JsonStyle style = JsonStyle::kCompact);
// The same as part of a larger text.
void write_api_key(const v1::ApiKey& key, bool include_value, TagsMember tags,
                   JsonWriter* json);

// Writes `{"name": "value", ...}`, sorted by name.
void write_tags(const google::protobuf::Map<std::string, std::string>& tags,
                JsonWriter* json);

}  // namespace weir

#endif  // WEIR_PLAN_PLAN_JSON_H_
