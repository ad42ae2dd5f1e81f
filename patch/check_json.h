#ifndef WEIR_PATCH_CHECK_JSON_H_
#define WEIR_PATCH_CHECK_JSON_H_

#include <cstddef>

#include "absl/status/status.h"
#include "google/protobuf/struct.pb.h"

namespace weir::patch {

absl::Status too_deep();

// Checks that JSON text can represent `value`, with at most `levels` levels: a
// program can build a Value that no parser would return. Errors:
// InvalidArgument; too_deep(), which is ResourceExhausted.
absl::Status check_json(const google::protobuf::Value& value, size_t levels);

}  // namespace weir::patch

#endif  // WEIR_PATCH_CHECK_JSON_H_
