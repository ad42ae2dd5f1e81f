// Reads JSON text, strictly.

#ifndef WEIR_JSON_JSON_READER_H_
#define WEIR_JSON_JSON_READER_H_

#include <cstddef>
#include <string_view>

#include "absl/status/statusor.h"
#include "google/protobuf/struct.pb.h"

namespace weir {

// The limits of parse_json().
inline constexpr std::size_t kMaxJsonBytes = 6 << 20;
inline constexpr int kMaxJsonDepth = 64;  // Nested arrays and objects.
inline constexpr int kMaxJsonValues = 1'000'000;

// Parses one JSON value (RFC 8259), with nothing but white space around it.
// Numbers become doubles: fractions are rounded to the nearest, and an integer
// that no double equals, such as 2^53 + 1, is refused.
//
// Protocol Buffers' own parser accepts single quotes, bare words and repeated
// members, and reports errors without a line. This one refuses them, and
// reports where: `line 3, column 14: expected a value, found "]"`.
//
// InvalidArgument: not JSON, not UTF-8, a number beyond a double's range or an
// integer beyond its precision, or a member named twice. ResourceExhausted:
// beyond the limits above.
absl::StatusOr<google::protobuf::Value> parse_json(std::string_view text);

}  // namespace weir

#endif  // WEIR_JSON_JSON_READER_H_
