// JSON Patch (RFC 6902) on any Protocol Buffers message.
//
// The patch sees a message as its proto3 JSON form, but works on the message
// itself: 64-bit integers keep every digit, and what JSON cannot show (unknown
// fields, extensions) stays where no operation touches it.
//
// Objects
//   A message is an object of its fields. A member is named as in proto3 JSON
//   ("rateLimit") or as in the .proto file ("rate_limit"). A name that is not a
//   field is NotFound in a path and InvalidArgument in a value. A map is an
//   object; the names of its members are parsed as its keys.
// What exists
//   A field with presence (message, `optional`, member of a oneof) exists while
//   it is set. Fields without presence always exist: a scalar starts as zero, a
//   repeated field as [], a map as {}; `remove` sets them back to that.
//   Setting a member of a oneof removes the others.
// Values
//   Numbers are read from JSON numbers and from strings ("10"), bool from true,
//   false, "true" and "false", enums from names and numbers, bytes from base64;
//   wrappers, Timestamp, Duration, FieldMask and Any as in proto3 JSON. NaN and
//   infinities are refused. A message or a map in a value replaces the old one
//   and is never merged with it.
//   null clears a field, as in proto3 JSON.
//   Elements of repeated fields and values of maps cannot be null.
// Free JSON
//   google.protobuf.Value, Struct and ListValue, at the root or in a field, are
//   plain JSON, where RFC 6902 applies exactly and null is a value.
//   A typed value that is copied or moved there takes its proto3 JSON form:
//   fields without presence that are zero or empty are left out, 64-bit
//   integers become strings.

#ifndef WEIR_PATCH_JSON_PATCH_H_
#define WEIR_PATCH_JSON_PATCH_H_

#include <cstddef>
#include <limits>
#include <memory>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "google/protobuf/message.h"
#include "google/protobuf/repeated_field.h"
#include "weir/patch/json_pointer.h"
#include "weir/proto/patch_operation.pb.h"

namespace weir::patch {

// Limits on the cost of an untrusted patch. Each operation takes time linear in
// the values that it reads and writes, in the length of an array in which
// elements move, and in the size of a map that is searched (except a Struct's,
// which is hashed).
struct PatchLimits {
  static constexpr size_t kUnlimited = std::numeric_limits<size_t>::max();

  size_t max_operations = 1000;

  // In `path` and `from`, escaped.
  size_t max_pointer_bytes = JsonPointer::kMaxBytes;

  // Segments to the deepest value that a patch may name or create. (Protocol
  // Buffers' own parser stops at 100 nested messages; an object in a Struct is
  // three of them, an array two.)
  size_t max_depth = JsonPointer::kMaxDepth;

  // The size that the document may grow to, serialized. Unless it is
  // kUnlimited, the first operation that writes a value measures the whole
  // document.
  size_t max_document_bytes = size_t{16} << 20;

  // The size of the values that all operations together may write, serialized.
  // It bounds patches that copy their own copies, or copy a large value again
  // and again.
  size_t max_written_bytes = size_t{64} << 20;
};

// A transaction of operations that are applied to a document one by one, and
// then all kept or all undone.
//
//   JsonPatchTransaction transaction(&document);
//   for (const v1::PatchOperation& operation : operations) {
//     const absl::Status status = transaction.apply(operation);
//     if (!status.ok()) return status;
//   }
//   if (document.name().empty()) return absl::InvalidArgumentError("no name");
//   transaction.commit();
//
// Takes time in proportion to what the operations touch, not to the document.
// What they remove or replace is kept until the end. The document may be read
// between operations, but its maps only through const references. Pointers into
// it do not remain valid, because messages move.
//
// This class is *thread-compatible*, and so is `*document` until the end, even
// for readers.
class JsonPatchTransaction {
 public:
  // REQUIRES: `*document` outlives the transaction.
  explicit JsonPatchTransaction(google::protobuf::Message* document,
                                const PatchLimits& limits = {});
  // Undoes what was not committed.
  ~JsonPatchTransaction();
  JsonPatchTransaction(const JsonPatchTransaction&) = delete;
  JsonPatchTransaction& operator=(const JsonPatchTransaction&) = delete;

  // Applies one operation. On error the document is as it was before this
  // operation, and the transaction can continue. Errors are those of
  // apply_json_patch(), but begin with the kind: `replace "/a": ...`.
  absl::Status apply(const v1::PatchOperation& operation);

  // Keeps what was applied so far. The limits start over with the next
  // operation.
  void commit();

  // Undoes what was applied since the last commit.
  void roll_back();

 private:
  class Operations;
  const std::unique_ptr<Operations> operations_;
};

// Applies `operations` in order to `*document`: all of them or, on error, none.
// The document is then exactly as it was, except that the entries of its maps,
// which are unordered, may be in another order.
// REQUIRES: no other thread uses `*document` during the call.
//
// Errors name the operation, the pointer and the segment at fault in one line:
//   operations[2] replace "/quota/limit": expected an integer in
//   -9223372036854775808..9223372036854775807, got string "abc"
// with at most 64 bytes of any value, in ASCII. They are
//   InvalidArgument     an operation, pointer or value that is malformed or
//                       does not fit the type at its target
//   NotFound            a location that does not exist
//   FailedPrecondition  a `test` whose values differ
//   ResourceExhausted   a limit was exceeded
absl::Status apply_json_patch(absl::Span<const v1::PatchOperation> operations,
                              google::protobuf::Message* document,
                              const PatchLimits& limits = {});
absl::Status apply_json_patch(
    const google::protobuf::RepeatedPtrField<v1::PatchOperation>& operations,
    google::protobuf::Message* document, const PatchLimits& limits = {});

}  // namespace weir::patch

#endif  // WEIR_PATCH_JSON_PATCH_H_
