#ifndef WEIR_PATCH_MESSAGE_JSON_H_
#define WEIR_PATCH_MESSAGE_JSON_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/struct.pb.h"

namespace weir {

// The proto3 JSON form of `message`, where a patch may copy it to: fields
// without presence that are zero or empty are left out, 64-bit integers are
// strings. InvalidArgument for what has no such form: an Any of unknown type.
absl::StatusOr<google::protobuf::Value> message_to_json(
    const google::protobuf::Message& message);

// Makes `*message`, which has to be empty, what `json` says, as strictly as a
// patch is read. InvalidArgument, with the place, if that is no such message;
// `*message` is then left with some of it.
absl::Status message_from_json(const google::protobuf::Value& json,
                               google::protobuf::Message* message);

}  // namespace weir

#endif  // WEIR_PATCH_MESSAGE_JSON_H_
