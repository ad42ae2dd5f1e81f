// The one spelling of a usage plan's method keys and numbers.

#ifndef WEIR_PLAN_CANONICAL_PLAN_H_
#define WEIR_PLAN_CANONICAL_PLAN_H_

#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/struct.pb.h"
#include "proto/usage_plan.pb.h"

namespace weir {

// Gives every method its canonical key, and makes negative zero zero.
// InvalidArgument, naming the stage, for a method key that is bad or double.
absl::Status canonicalize(v1::UsagePlan* plan);

// The same for the JSON of one number, `value`, of the member that documents
// call `name` ("burstLimit", or "burst_limit"); nothing for other members. A
// number may stand in a string, with a plus sign. InvalidArgument, with the
// range that the member has, for what is no number of its kind; that it is in
// the range is left to validation.
absl::Status canonicalize_number(std::string_view name,
                                 google::protobuf::Value* value);

// The same for all members of an object; others are left alone. Errors begin
// with the member's JSON Pointer.
absl::Status canonicalize_numbers(google::protobuf::Value* object);

// The same for a whole plan.
absl::Status canonicalize_plan_numbers(google::protobuf::Value* plan);

}  // namespace weir

#endif  // WEIR_PLAN_CANONICAL_PLAN_H_
