#include "weir/patch/message_json.h"

#include "weir/patch/place.h"
#include "weir/patch/transfer.h"

namespace weir::patch {
namespace {

using ::google::protobuf::Message;
using ::google::protobuf::Value;

// assign() only reads what a source holds.
Place source_of(const Message& message) {
  return {const_cast<Message*>(&message)};
}

}  // namespace

absl::StatusOr<Value> message_to_json(const Message& message) {
  Value json;
  const absl::Status status = assign({&json}, source_of(message));
  if (!status.ok()) return status;
  return json;
}

absl::Status message_from_json(const Value& json, Message* message) {
  return assign({message}, source_of(json));
}

}  // namespace weir::patch
