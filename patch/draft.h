// A message being edited.

#ifndef WEIR_PATCH_DRAFT_H_
#define WEIR_PATCH_DRAFT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "google/protobuf/message.h"
#include "weir/patch/place.h"
#include "weir/patch/transfer.h"

namespace weir::patch {

// Changes a message in place and remembers how to undo the changes. Takes time
// in proportion to what the changes touch, not to the message.
//
// Values that were replaced or removed are kept until commit(). `segments` are
// the path from the root to a value.
//
// *thread-compatible*
class Draft {
 public:
  // REQUIRES: `message` outlives the draft, and only the draft changes it.
  explicit Draft(google::protobuf::Message* message) : message_(message) {}
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  Place root() const { return {message_}; }

  // Returns the place where `add` of RFC 6902 puts its value: inserts a new
  // element into an array or a new entry into a map, and takes out what a field
  // or member held before.
  // REQUIRES: the caller assigns a value to the place.
  // Errors, after which nothing has changed: those of find().
  absl::StatusOr<Place> add(absl::Span<const std::string> segments);

  // Takes out an existing value. Same requirement and errors as add().
  absl::StatusOr<Place> replace(absl::Span<const std::string> segments);

  // Takes out an existing value, and the element or member that held it. Same
  // errors as add().
  absl::Status remove(absl::Span<const std::string> segments);

  // The number of changes so far.
  size_t size() const { return changes_.size(); }

  // Undoes all changes except the first `size`.
  void roll_back_to(size_t size);

  // Makes the changes final.
  void commit() { changes_.clear(); }

 private:
  // One change, identified by its path in the tree of values, since addresses
  // do not survive removal and reinsertion.
  struct Change {
    enum class Undo { kErase, kInsert, kExchange };
    Undo undo;
    std::vector<std::string> segments;
    std::optional<Scratch> value;  // The old value, unless `undo` is kErase.
  };

  // Moves the value at `place`, the end of `segments`, to a new change.
  void take_out(const Place& place, absl::Span<const std::string> segments);

  google::protobuf::Message* const message_;
  std::vector<Change> changes_;
};

}  // namespace weir::patch

#endif  // WEIR_PATCH_DRAFT_H_
