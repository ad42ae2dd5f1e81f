// JSON Patch documents (RFC 6902): read and written.

#ifndef WEIR_PATCH_PATCH_DOCUMENT_H_
#define WEIR_PATCH_PATCH_DOCUMENT_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "google/protobuf/struct.pb.h"
#include "json/json_writer.h"
#include "proto/patch_operation.pb.h"

namespace weir {

// Reads a JSON Patch document, an array of operations: objects with `op` and
// `path`, and `from` if they move or copy. A `value` is kept as it is: null is
// a value, absent is absent. Other members are ignored, `from` of the other
// operations among them. What the operations say is for apply_json_patch() to
// examine: whether there is such an op, whether it has the value that it needs.
//
// InvalidArgument: not JSON (with line and column), or not such an array:
// `operations[2]: expected a member "path" that is a string`.
// ResourceExhausted: beyond the limits of parse_json().
absl::StatusOr<std::vector<v1::PatchOperation>> json_patch_from_json(
    std::string_view json);

// The same for a document that is read already.
absl::StatusOr<std::vector<v1::PatchOperation>> json_patch_from_value(
    const google::protobuf::Value& document);

// Writes a JSON Patch document, the members of each operation in the order op,
// path, from, value; `from` only where it is an operand, `value` only if it is
// set. kPretty writes an operation a line.
std::string json_patch_to_json(absl::Span<const v1::PatchOperation> operations,
                               JsonStyle style = JsonStyle::kCompact);

}  // namespace weir

#endif  // WEIR_PATCH_PATCH_DOCUMENT_H_
