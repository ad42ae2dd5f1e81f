#ifndef WEIR_PATCH_JSON_POINTER_H_
#define WEIR_PATCH_JSON_POINTER_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace weir::patch {

// A JSON Pointer (RFC 6901): the names and indices on the path from the root of
// a JSON document to one of its values.
//
//   auto pointer = JsonPointer::parse("/paths/~1pets~1{id}/0");
//   pointer->segments();  // {"paths", "/pets/{id}", "0"}
//
// *thread-compatible*
class JsonPointer {
 public:
  static constexpr size_t kMaxBytes = 4096;
  static constexpr size_t kMaxDepth = 64;

  // The whole document.
  JsonPointer() = default;

  // `segments` are unescaped: {"a/b"} is the pointer "/a~1b".
  explicit JsonPointer(std::vector<std::string> segments)
      : segments_(std::move(segments)) {}

  // Errors: InvalidArgument if `text` is not a JSON Pointer (not empty and
  // without a leading '/', a '~' not followed by '0' or '1', or not UTF-8);
  // ResourceExhausted if it is longer than `max_bytes` or has more than
  // `max_depth` segments.
  static absl::StatusOr<JsonPointer> parse(std::string_view text,
                                           size_t max_bytes = kMaxBytes,
                                           size_t max_depth = kMaxDepth);

  // The segments, unescaped, outermost first. Empty for the whole document.
  const std::vector<std::string>& segments() const { return segments_; }

  // The pointer's text, escaped: parse(p.to_string()) == p.
  std::string to_string() const;

  friend bool operator==(const JsonPointer& a, const JsonPointer& b) {
    return a.segments_ == b.segments_;
  }
  friend bool operator!=(const JsonPointer& a, const JsonPointer& b) {
    return !(a == b);
  }

 private:
  std::vector<std::string> segments_;
};

// The array index that `segment` stands for: digits without a leading zero, or
// "-", which is `size`, the element past the last. An index of `size` or more
// is returned unchanged, and one too large for size_t as the largest size_t: it
// names no element.
//
// Errors: InvalidArgument if `segment` is neither.
absl::StatusOr<size_t> parse_array_index(std::string_view segment, size_t size);

}  // namespace weir::patch

#endif  // WEIR_PATCH_JSON_POINTER_H_
