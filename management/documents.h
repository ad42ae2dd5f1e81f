// What clients send besides usage plans and patches, as JSON.

#ifndef WEIR_MANAGEMENT_DOCUMENTS_H_
#define WEIR_MANAGEMENT_DOCUMENTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "enforcer/enforcer.h"
#include "proto/api_key.pb.h"
#include "proto/patch_operation.pb.h"

namespace weir {

// All of these: "" is read as "{}", and a member that is null as one that is
// absent. InvalidArgument if it is not JSON, or a member is unknown or of the
// wrong type; ResourceExhausted beyond the limits of parse_json(). No error
// repeats what a member holds.

// The body of CreateApiKey. `generateDistinctId` has no meaning here: ids are
// never values.
absl::StatusOr<v1::ApiKey> api_key_from_json(std::string_view json);
// An array of such bodies. Errors begin with the place: "/3/name: ".
absl::StatusOr<std::vector<v1::ApiKey>> api_keys_from_json(
    std::string_view json);

// The body of CreateUsagePlanKey: {"keyId", "keyType": "API_KEY"}. Returns the
// id.
absl::StatusOr<std::string> plan_key_from_json(std::string_view json);

// The body of TagResource: {"tags": {name: value}}.
absl::StatusOr<TagChanges> tags_from_json(std::string_view json);

// The body of an Update: {"patchOperations": [...]}, which may be absent: then
// nothing is to be changed.
absl::StatusOr<std::vector<v1::PatchOperation>> operations_from_json(
    std::string_view json);

}  // namespace weir

#endif  // WEIR_MANAGEMENT_DOCUMENTS_H_
