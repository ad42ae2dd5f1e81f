// The JSON Patch (RFC 6902) between two messages.

#ifndef WEIR_PATCH_JSON_DIFF_H_
#define WEIR_PATCH_JSON_DIFF_H_

#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "proto/patch_operation.pb.h"

namespace weir {

// Operations with which apply_json_patch() makes `after` of a message that is
// equal to `before`. None if the two are equal. The same messages always give
// the same operations: add, remove and replace, members in the order of their
// names.
//
// The patch is small, not the smallest: arrays are aligned by their equal
// elements (a longest common subsequence where no more than 256 elements come
// and go at a stretch), the elements in between are paired in order, and an
// object or array is replaced as a whole where that takes fewer bytes than the
// operations within it. Values are in proto3 JSON form: 64-bit integers are
// strings, bytes base64.
//
// What JSON does not show makes no difference: unknown fields, extensions, the
// sign of zero between elements. They stay as they are in a message that the
// patch edits, and go with one that it replaces. (An Any is compared as a
// whole, whatever is in it.)
//
// The patch may pass the default PatchLimits, which are for patches from
// outside: give apply_json_patch() larger ones if the messages are large.
//
// Neither message is touched, so both may be read by others meanwhile: it works
// on copies of the two. Time is linear in the size of the messages, times the
// levels at which they lie, plus at most 256 comparisons of integers for each
// element of an array.
//
// Errors: InvalidArgument if the messages are of different types; and, with the
// JSON Pointer in front, if a patch would need a value that JSON cannot hold or
// that does not read back as it was: a name or string that is not UTF-8, NaN,
// an infinity, an enum's number that has no name, an Any of unknown type, a
// Timestamp out of range. Where both messages have the same, it does no harm
// (but for NaN, which equals nothing).
absl::StatusOr<std::vector<v1::PatchOperation>> json_diff(
    const google::protobuf::Message& before,
    const google::protobuf::Message& after);

}  // namespace weir

#endif  // WEIR_PATCH_JSON_DIFF_H_
