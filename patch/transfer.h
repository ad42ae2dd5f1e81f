// JSON values on their way from one place in a message to another.

#ifndef WEIR_PATCH_TRANSFER_H_
#define WEIR_PATCH_TRANSFER_H_

#include <memory>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "patch/place.h"

namespace weir {

// Makes the value at `target` the value at `source`, read as the type of
// `target`. Between equal message types everything is copied; otherwise what
// JSON shows. null clears a field,
// unless the field can hold null itself.
// REQUIRES: neither place lies in the other.
//
// Errors: InvalidArgument if the value does not fit the type, and then
// `target` is left with some of it.
absl::Status assign(const Place& target, const Place& source);

// The same, but leaves at `source` whatever comes cheapest.
absl::Status move_value(const Place& target, const Place& source);

// Gives `place` what the scratch place of the same type holds, and the other
// way round. Fields are exchanged with their presence, and with the other
// members of their oneof. A scalar element or map value stays as it is if there
// is none for it.
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

}  // namespace weir

#endif  // WEIR_PATCH_TRANSFER_H_
