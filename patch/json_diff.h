// The JSON Patch (RFC 6902) between two messages.

#ifndef WEIR_PATCH_JSON_DIFF_H_
#define WEIR_PATCH_JSON_DIFF_H_

#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "weir/proto/patch_operation.pb.h"

namespace weir::patch {

// Returns operations with which apply_json_patch() turns a message equal to
// `before` into `after`. None if the two are equal. The same messages always
// give the same operations: add, remove and replace, members in the order of
// their names.
//
// The patch is small, but not minimal: arrays are aligned by their equal
// elements (a longest common subsequence as long as no more than 256 elements
// are added and removed in a row), the elements in between are paired in order,
// and an object or array is replaced as a whole if that takes fewer bytes than
// the operations within it. Values are in proto3 JSON form: 64-bit integers are
// strings, bytes are base64.
//
// What JSON does not show is not compared: unknown fields, extensions, the sign
// of zero between elements. A message that the patch edits keeps them, and one
// that it replaces loses them. (An Any is compared as a whole, whatever its
// content.)
//
// The patch may exceed the default PatchLimits, which are for untrusted
// patches: give apply_json_patch() larger ones if the messages are large.
//
// Works on copies of the messages, so other threads may read both during the
// call. Time is linear in the size of the messages, times the levels at which
// values are, plus at most 256 comparisons of integers for each element of an
// array.
//
// Errors: InvalidArgument if the messages are of different types; and, preceded
// by the JSON Pointer, if a patch would need a value that JSON cannot hold or
// that does not round-trip: a name or string that is not UTF-8, NaN, an
// infinity, an enum's number that has no name, an Any of unknown type, a
// Timestamp out of range. Such a value is harmless if both messages have it
// (except NaN, which equals nothing).
absl::StatusOr<std::vector<v1::PatchOperation>> json_diff(
    const google::protobuf::Message& before,
    const google::protobuf::Message& after);

}  // namespace weir::patch

#endif  // WEIR_PATCH_JSON_DIFF_H_
