#include "patch/test_json.h"

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"

namespace weir {

void read_json(const std::string& json, google::protobuf::Message* message) {
  const auto status =
      google::protobuf::util::JsonStringToMessage(json, message);
  EXPECT_TRUE(status.ok()) << status.ToString() << " in " << json;
}

std::vector<v1::PatchOperation> operations(const std::string& json) {
  std::vector<v1::PatchOperation> operations;
  const google::protobuf::Value patch = from_json(json);
  for (const auto& value : patch.list_value().values()) {
    v1::PatchOperation& operation = operations.emplace_back();
    const auto& fields = value.struct_value().fields();
    const auto text = [&fields](const char* name) {
      const auto found = fields.find(name);
      return found == fields.end() ? "" : found->second.string_value();
    };
    operation.set_op(text("op"));
    operation.set_path(text("path"));
    operation.set_from(text("from"));
    if (const auto found = fields.find("value"); found != fields.end()) {
      *operation.mutable_value() = found->second;
    }
  }
  return operations;
}

std::string bytes(const google::protobuf::Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

absl::Status apply_operation(const v1::PatchOperation& operation,
                             google::protobuf::Message* document,
                             const PatchLimits& limits) {
  JsonPatchTransaction transaction(document, limits);
  const absl::Status status = transaction.apply(operation);
  transaction.commit();
  return status;
}

}  // namespace weir
