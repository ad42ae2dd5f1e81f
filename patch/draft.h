// A message under change.

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
#include "patch/place.h"
#include "patch/transfer.h"

namespace weir {

// Changes a message in place and remembers how to take the changes back. Costs
// what the changes touch, not what the message holds.
//
// Values that were replaced or removed are kept until commit(). `segments`
// lead to a value from the root.
//
// *thread-compatible*
class Draft {
 public:
  // REQUIRES: `message` outlives the draft, and only the draft changes it.
  explicit Draft(google::protobuf::Message* message) : message_(message) {}
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  Place root() const { return {message_}; }

  // Where RFC 6902 lets `add` put its value: arrays are opened for a new
  // element, a map gets an entry, and what a field or a member held before is
  // taken out. REQUIRES: the caller assigns a value to the place.
  // Errors, after which nothing has changed: as find().
  absl::StatusOr<Place> add(absl::Span<const std::string> segments);

  // Takes out an existing value. REQUIRES and errors: as add().
  absl::StatusOr<Place> replace(absl::Span<const std::string> segments);

  // Takes out an existing value, and the element or member that held it.
  // Errors: as add().
  absl::Status remove(absl::Span<const std::string> segments);

  // The number of changes so far.
  size_t size() const { return changes_.size(); }

  // Takes back all changes but the first `size`.
  void roll_back_to(size_t size);

  // Forgets how to take the changes back.
  void commit() { changes_.clear(); }

 private:
  // One change, by its place in the tree of values: addresses do not survive
  // removal and return.
  struct Change {
    enum class Undo { kErase, kInsert, kExchange };
    Undo undo;
    std::vector<std::string> segments;
    std::optional<Scratch> value;  // what was there, unless it is to kErase
  };

  // Keeps the value at `place`, which `segments` lead to.
  void take_out(const Place& place, absl::Span<const std::string> segments);

  google::protobuf::Message* const message_;
  std::vector<Change> changes_;
};

}  // namespace weir

#endif  // WEIR_PATCH_DRAFT_H_
