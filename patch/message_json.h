#ifndef WEIR_PATCH_MESSAGE_JSON_H_
#define WEIR_PATCH_MESSAGE_JSON_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/struct.pb.h"

namespace weir::patch {

// Returns the proto3 JSON form of `message`, as patches copy it: fields without
// presence that are zero or empty are left out, and 64-bit integers are
// strings. InvalidArgument for what has no such form: an Any of unknown type.
absl::StatusOr<google::protobuf::Value> message_to_json(
    const google::protobuf::Message& message);

// Reads `json` into `*message`, which must be empty, as strictly as patches are
// read. InvalidArgument, with the location, if `json` does not fit; `*message`
// may then hold a part of it.
absl::Status message_from_json(const google::protobuf::Value& json,
                               google::protobuf::Message* message);

}  // namespace weir::patch

#endif  // WEIR_PATCH_MESSAGE_JSON_H_
