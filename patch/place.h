#ifndef WEIR_PATCH_PLACE_H_
#define WEIR_PATCH_PLACE_H_

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace weir::patch {

// The location of one JSON value in a message, or where one may be put.
//
//   field   index   the place
//   null            `message` itself
//   set     -1      the field: for a repeated field the whole array or map
//   set     >= 0    the element of the repeated field; at the index one past
//                   the last, writing appends it
//
// The value of a map's entry is the field `value` of the entry's message.
//
// *thread-compatible*
struct Place {
  google::protobuf::Message* message;
  const google::protobuf::FieldDescriptor* field = nullptr;
  int index = -1;

  const google::protobuf::Reflection& reflection() const {
    return *message->GetReflection();
  }

  // Whether the place is an array or a map rather than one element or field.
  bool is_whole_repeated() const {
    return field != nullptr && field->is_repeated() && index < 0;
  }

  // The type of the message that the place holds; null if it holds none.
  const google::protobuf::Descriptor* message_type() const {
    if (field == nullptr) return message->GetDescriptor();
    return is_whole_repeated() ? nullptr : field->message_type();
  }

  friend bool operator==(const Place& a, const Place& b) {
    return a.message == b.message && a.field == b.field && a.index == b.index;
  }
};

}  // namespace weir::patch

#endif  // WEIR_PATCH_PLACE_H_
