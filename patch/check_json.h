#ifndef WEIR_PATCH_CHECK_JSON_H_
#define WEIR_PATCH_CHECK_JSON_H_

#include <cstddef>

#include "absl/status/status.h"
#include "google/protobuf/struct.pb.h"

namespace weir {

absl::Status too_deep();

// Whether `value` is what a JSON text can hold, and nests at most `levels`: a
// program can build a Value that no parser would give. Errors: InvalidArgument;
// too_deep(), which is ResourceExhausted.
absl::Status check_json(const google::protobuf::Value& value, size_t levels);

}  // namespace weir

#endif  // WEIR_PATCH_CHECK_JSON_H_
