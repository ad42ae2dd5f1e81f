// Copies and moves JSON values from one place in a message to another.

#ifndef WEIR_PATCH_TRANSFER_H_
#define WEIR_PATCH_TRANSFER_H_

#include <memory>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "weir/patch/place.h"

namespace weir::patch {

// Assigns the value at `source` to `target`, converted to the type of `target`.
// Between equal message types everything is copied; otherwise only what JSON
// shows. null clears a field, unless the field itself can hold null.
// REQUIRES: neither place is inside the other.
//
// Errors: InvalidArgument if the value does not fit the type; `target` may then
// hold a part of it.
absl::Status assign(const Place& target, const Place& source);

// The same, but may leave any value at `source`.
absl::Status move_value(const Place& target, const Place& source);

// Swaps the values of `place` and of a scratch place of the same type. Fields
// are swapped with their presence, and with the other members of their oneof. A
// scalar element or map value is unchanged if the other place has none.
void exchange(const Place& place, const Place& scratch);

// Deep equality. REQUIRES: the places are of the same type.
bool equal(const Place& a, const Place& b);

// A place outside any document, of the same type as `model`, without a value.
//
// *thread-compatible*
class Scratch {
 public:
  explicit Scratch(const Place& model);

  const Place& place() const { return place_; }

 private:
  std::unique_ptr<google::protobuf::Message> holder_;
  Place place_;
};

}  // namespace weir::patch

#endif  // WEIR_PATCH_TRANSFER_H_
