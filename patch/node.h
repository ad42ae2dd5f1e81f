// A message read as a tree of JSON values.

#ifndef WEIR_PATCH_NODE_H_
#define WEIR_PATCH_NODE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "weir/patch/place.h"

namespace weir::patch {

// The JSON value at a place. Looks through google.protobuf.Value, Struct,
// ListValue and the wrappers: a Value that holds a list is the array of the
// list's elements.
//
// *thread-compatible*
struct Node {
  enum class Kind {
    kNull,
    kScalar,   // `place` is the field or element
    kArray,    // `place` is the repeated field
    kMap,      // `place` is the map field
    kMessage,  // `place` is the message, an object of its fields
    kOpaque,   // `place` is a message with its own JSON form, as Timestamp
  };
  Kind kind;
  Place place;

  bool is_object() const {
    return kind == Kind::kMap || kind == Kind::kMessage;
  }
};

// REQUIRES: `place` exists.
Node look(const Place& place);

// For errors: `null`, `number 1`, `an array`, `an object`.
std::string describe(const Node& node);

// The message at `place`, which must be of a message type; created if absent.
google::protobuf::Message* message_at(const Place& place);

// The number of elements. REQUIRES: kArray or kMap.
int size_of(const Node& node);

// An element. REQUIRES: kArray.
Place element_of(const Node& array, int index);

// The members that proto3 JSON would print, by name. REQUIRES: an object.
std::vector<std::pair<std::string, Place>> members_of(const Node& object);

// The field called `name` in JSON or in the .proto file; null if there is none.
const google::protobuf::FieldDescriptor* find_field(
    const google::protobuf::Descriptor* type, std::string_view name);

// "there is no such member: expected id, name or value", for an object of
// `type`; without the names if they are too many to read.
std::string no_such_member(const google::protobuf::Descriptor& type);

// Adds an entry to the map without checking for a duplicate key, and returns
// the place of its value. Errors: InvalidArgument if `name` is not a valid key.
absl::StatusOr<Place> append_entry(const Place& map, std::string_view name);

// Returns the existing value at the path `segments` from `root`.
// Errors, preceded by the number and text of the segment: NotFound if there is
// none; InvalidArgument if an array or a map cannot have such a member.
absl::StatusOr<Place> find(const Place& root,
                           absl::Span<const std::string> segments);

// Returns the place at `segments` for writing: like find(), but a field need
// not be set.
absl::StatusOr<Place> find_to_assign(const Place& root,
                                     absl::Span<const std::string> segments);

// A place for a value.
struct Opening {
  Place place;
  bool is_new;  // An element or entry was created for the value.
};

// Returns the place where `add` of RFC 6902 puts its value: that of the last of
// `segments`, which are not empty, in the existing parent. Inserts a new
// element into an array there; adds an entry to a map unless it exists.
// REQUIRES: the caller then assigns a value to the place.
// Errors: those of find().
absl::StatusOr<Opening> open(const Place& root,
                             absl::Span<const std::string> segments);

// Removes the value at `segments`, which are not empty.
// Errors: those of find().
absl::Status erase(const Place& root, absl::Span<const std::string> segments);

// Whether any value is more than `levels` below `place`.
bool is_deeper_than(const Place& place, size_t levels);

// The approximate size of the value in the serialized document, in bytes.
size_t serialized_size(const Place& place);

}  // namespace weir::patch

#endif  // WEIR_PATCH_NODE_H_
