// JSON Patch documents (RFC 6902): read and written.

#ifndef WEIR_PATCH_PATCH_DOCUMENT_H_
#define WEIR_PATCH_PATCH_DOCUMENT_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "google/protobuf/struct.pb.h"
#include "weir/json/json_writer.h"
#include "weir/proto/patch_operation.pb.h"

namespace weir::patch {

// Reads a JSON Patch document, an array of operations: objects with `op` and
// `path`, and `from` if they move or copy. A `value` is kept unchanged: null is
// a value, and differs from an absent one. Other members are ignored, including
// `from` in other operations. apply_json_patch() checks the operations: whether
// the op exists, and whether it has the value that it needs.
//
// InvalidArgument: not JSON (with line and column), or not such an array:
// `operations[2]: expected a member "path" that is a string`.
// ResourceExhausted: beyond the limits of parse_json().
absl::StatusOr<std::vector<v1::PatchOperation>> json_patch_from_json(
    std::string_view json);

// The same for a document that has been parsed already.
absl::StatusOr<std::vector<v1::PatchOperation>> json_patch_from_value(
    const google::protobuf::Value& document);

// Writes a JSON Patch document, the members of each operation in the order op,
// path, from, value; `from` only if it is an operand, `value` only if it is
// set. kPretty writes one operation per line.
std::string json_patch_to_json(absl::Span<const v1::PatchOperation> operations,
                               JsonStyle style = JsonStyle::kCompact);

}  // namespace weir::patch

#endif  // WEIR_PATCH_PATCH_DOCUMENT_H_
