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
#include <limits>
#include <memory>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "google/protobuf/message.h"
#include "google/protobuf/repeated_field.h"
#include "patch/json_pointer.h"
#include "proto/patch_operation.pb.h"

namespace weir {

// What a patch from outside may cost. Each operation takes time linear in the
// values that it reads and writes, in the length of an array in which elements
// move, and in the size of a map that is searched (but for Struct's, which are
// hashed).
struct PatchLimits {
  static constexpr size_t kUnlimited = std::numeric_limits<size_t>::max();

  size_t max_operations = 1000;

  // In `path` and `from`, escaped.
  size_t max_pointer_bytes = JsonPointer::kMaxBytes;

  // Segments to the deepest value that a patch may name or make. (Protocol
  // Buffers' own parser stops at 100 nested messages; an object in a Struct is
  // three of them, an array two.)
  size_t max_depth = JsonPointer::kMaxDepth;

  // The size that the document may grow to, serialised. Unless it is
  // kUnlimited, the first operation that writes a value measures the whole
  // document.
  size_t max_document_bytes = size_t{16} << 20;

  // The values that all operations together may write, serialised: it bounds
  // patches that copy their own copies, or copy a large value again and again.
  size_t max_written_bytes = size_t{64} << 20;
};

// Operations that are applied to a document one by one, to be kept all or taken
// back all.
//
//   JsonPatchTransaction transaction(&document);
//   for (const v1::PatchOperation& operation : operations) {
//     const absl::Status status = transaction.apply(operation);
//     if (!status.ok()) return status;
//   }
//   if (document.name().empty()) return absl::InvalidArgumentError("no name");
//   transaction.commit();
//
// Costs what the operations touch, not what the document holds; what they
// remove or replace is kept until the end. The document may be read between
// operations, but its maps only through const references, and nothing in it may
// be held on to: messages move.
//
// This class is *thread-compatible*, and so is `*document` meanwhile, also for
// those who read it.
class JsonPatchTransaction {
 public:
  // REQUIRES: `*document` outlives the transaction.
  explicit JsonPatchTransaction(google::protobuf::Message* document,
                                const PatchLimits& limits = {});
  // Takes back what was not committed.
  ~JsonPatchTransaction();
  JsonPatchTransaction(const JsonPatchTransaction&) = delete;
  JsonPatchTransaction& operator=(const JsonPatchTransaction&) = delete;

  // Applies one operation. On an error the document is as it was before this
  // operation, and the transaction can go on. Errors are those of
  // apply_json_patch(), but start at the operation's kind: `replace "/a": ...`.
  absl::Status apply(const v1::PatchOperation& operation);

  // Keeps what was applied so far. The next operation starts anew, with all of
  // the limits.
  void commit();

  // Takes back what was applied since the last commit.
  void roll_back();

 private:
  class Operations;
  const std::unique_ptr<Operations> operations_;
};

// Applies `operations` in order to `*document`: all of them, or, on an error,
// none: the document is then exactly as it was, though the entries of its maps,
// which have no order, may come in another one.
// REQUIRES: nobody else uses `*document` during the call.
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

}  // namespace weir

#endif  // WEIR_PATCH_JSON_PATCH_H_
