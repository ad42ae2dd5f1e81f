// JSON Patch (RFC 6902) on any Protocol Buffers message.
//
// The patch sees a message as its proto3 JSON form, but works on the message
// itself: 64-bit integers keep every digit, and what JSON cannot show (unknown
// fields, extensions) stays where no operation touches it.
//
// Objects
//   A message is an object of its fields. A member is named as in proto3 JSON
//   ("rateLimit"); the name in the .proto file ("rate_limit") is understood
//   too. A name that is no field is NotFound on the path and InvalidArgument in
//   a value. A map is an object; the names of its members are read as its keys.
// What exists
//   A field with presence (message, `optional`, member of a oneof) exists while
//   it is set. Fields without presence always exist: a scalar starts as zero, a
//   repeated field as [], a map as {}; `remove` sets them back to that.
//   Setting a member of a oneof removes the others.
// Values
//   Numbers are read from JSON numbers and from strings ("10"), bool from true,
//   false, "true" and "false", enums from names and numbers, bytes from base64;
//   wrappers, Timestamp, Duration, FieldMask and Any as in proto3 JSON. NaN and
//   infinities are refused. A message or a map in a value replaces the old one:
//   it is never merged with it.
//   null for a field means what it means in proto3 JSON: the field is cleared.
//   Elements of repeated fields and values of maps cannot be null.
// Free JSON
//   google.protobuf.Value, Struct and ListValue, at the root or in a field, are
//   plain JSON, where RFC 6902 holds to the letter and null is a value.
//   A typed value that is copied or moved there takes its proto3 JSON form:
//   fields without presence that are zero or empty are left out, 64-bit
//   integers become strings.

#ifndef WEIR_PATCH_JSON_PATCH_H_
#define WEIR_PATCH_JSON_PATCH_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "google/protobuf/message.h"
#include "google/protobuf/repeated_field.h"
#include "patch/json_pointer.h"
#include "proto/patch_operation.pb.h"

namespace weir {

// What a patch from outside may cost. Each operation takes time linear in the
// document at most, and in its value.
struct PatchLimits {
  size_t max_operations = 1000;

  // In `path` and `from`, escaped.
  size_t max_pointer_bytes = JsonPointer::kMaxBytes;

  // Segments to the deepest value that a patch may name or make. (Protocol
  // Buffers' own parser stops at 100 nested messages; an object in a Struct is
  // three of them, an array two.)
  size_t max_depth = JsonPointer::kMaxDepth;

  // The size that an operation may let the document grow to, serialised. It
  // bounds patches that copy their own copies.
  size_t max_document_bytes = size_t{16} << 20;
};

// Applies `operations` in order to `*document`: all of them, or, on an error,
// none: the document is then exactly as it was. Allocates a copy of the
// document. REQUIRES: nobody else uses `*document` during the call.
//
// Errors name the operation, the pointer and the segment at fault in one line:
//   operations[2] replace "/quota/limit": expected an integer in
//   -9223372036854775808..9223372036854775807, got string "abc"
// with at most 64 bytes of any value, in ASCII. They are
//   InvalidArgument     an operation, pointer or value that is malformed or
//                       does not fit the type at its target
//   NotFound            a location that does not exist
//   FailedPrecondition  a `test` whose values differ
//   ResourceExhausted   a limit was passed
absl::Status apply_json_patch(absl::Span<const v1::PatchOperation> operations,
                              google::protobuf::Message* document,
                              const PatchLimits& limits = {});
absl::Status apply_json_patch(
    const google::protobuf::RepeatedPtrField<v1::PatchOperation>& operations,
    google::protobuf::Message* document, const PatchLimits& limits = {});

// The same for one operation. Errors start at its kind: `replace "/a": ...`.
absl::Status apply_json_patch_operation(const v1::PatchOperation& operation,
                                        google::protobuf::Message* document,
                                        const PatchLimits& limits = {});

}  // namespace weir

#endif  // WEIR_PATCH_JSON_PATCH_H_
