// The one spelling of a usage plan's method keys and numbers.

#ifndef WEIR_PLAN_CANONICAL_PLAN_H_
#define WEIR_PLAN_CANONICAL_PLAN_H_

#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/struct.pb.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir {

// Replaces every method key by its canonical key, and negative zero by zero.
// InvalidArgument, naming the stage, for an invalid or duplicate method key.
absl::Status canonicalize(v1::UsagePlan* plan);

// The same for one number in JSON, `value`, of the member that documents call
// `name` ("burstLimit" or "burst_limit"). Does nothing for other members. The
// number may be a string, and have a plus sign there. InvalidArgument, with the
// member's range, if `value` is not a number of the member's kind. Does not
// check the range: validation does.
absl::Status canonicalize_number(std::string_view name,
                                 google::protobuf::Value* value);

// The same for all members of an object. Errors begin with the member's JSON
// Pointer.
absl::Status canonicalize_numbers(google::protobuf::Value* object);

// The same for a whole plan.
absl::Status canonicalize_plan_numbers(google::protobuf::Value* plan);

}  // namespace weir

#endif  // WEIR_PLAN_CANONICAL_PLAN_H_
