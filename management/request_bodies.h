// The JSON documents that clients send, other than usage plans.

#ifndef WEIR_MANAGEMENT_REQUEST_BODIES_H_
#define WEIR_MANAGEMENT_REQUEST_BODIES_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "weir/enforcer/enforcer.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/patch_operation.pb.h"

namespace weir {

// All of these functions read "" as "{}", and a null member as absent.
// InvalidArgument if the text is not JSON, or a member is unknown or of the
// wrong type; ResourceExhausted beyond the limits of parse_json(). No error
// contains the value of a member.

// The body of CreateApiKey. `generateDistinctId` has no effect: a key's id is
// never its value.
absl::StatusOr<v1::ApiKey> api_key_from_json(std::string_view json);
// An array of such bodies. Errors begin with the path: "/3/name: ".
absl::StatusOr<std::vector<v1::ApiKey>> api_keys_from_json(
    std::string_view json);

// The body of CreateUsagePlanKey: {"keyId", "keyType": "API_KEY"}. Returns the
// id.
absl::StatusOr<std::string> plan_key_from_json(std::string_view json);

// The body of TagResource: {"tags": {name: value}}.
absl::StatusOr<TagChanges> tags_from_json(std::string_view json);

// The body of an Update operation: {"patchOperations": [...]}. Without the
// member, nothing is changed.
absl::StatusOr<std::vector<v1::PatchOperation>> operations_from_json(
    std::string_view json);

}  // namespace weir

#endif  // WEIR_MANAGEMENT_REQUEST_BODIES_H_
