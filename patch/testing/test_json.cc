#include "weir/patch/testing/test_json.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "weir/patch/json_pointer.h"

namespace weir::patch {
namespace {

using ::google::protobuf::Value;

void add_locations(const Value& value, const std::string& pointer,
                   std::vector<Location>* locations) {
  locations->push_back({pointer, value});
  for (int i = 0; i < value.list_value().values_size(); ++i) {
    add_locations(value.list_value().values(i), absl::StrCat(pointer, "/", i),
                  locations);
  }
  const auto& fields = value.struct_value().fields();
  // A map's own order is any.
  for (const auto& [name, member] :
       std::map<std::string, Value>(fields.begin(), fields.end())) {
    add_locations(member, pointer + JsonPointer({name}).to_string(), locations);
  }
}

}  // namespace

void read_json(const std::string& json, google::protobuf::Message* message) {
  const auto status =
      google::protobuf::util::JsonStringToMessage(json, message);
  EXPECT_TRUE(status.ok()) << status.ToString() << " in " << json;
}

std::vector<v1::PatchOperation> operations_of(const Value& patch) {
  std::vector<v1::PatchOperation> operations;
  for (const auto& value : patch.list_value().values()) {
    v1::PatchOperation& operation = operations.emplace_back();
    const auto& fields = value.struct_value().fields();
    const auto find = [&fields](const char* name) {
      const auto found = fields.find(name);
      return found == fields.end() ? nullptr : &found->second;
    };
    if (const auto* op = find("op")) operation.set_op(op->string_value());
    if (const auto* path = find("path")) {
      operation.set_path(path->string_value());
    }
    if (const auto* from = find("from")) {
      operation.set_from(from->string_value());
    }
    if (const auto* value = find("value")) *operation.mutable_value() = *value;
  }
  return operations;
}

std::vector<v1::PatchOperation> operations(const std::string& json) {
  return operations_of(from_json(json));
}

std::vector<Location> locations_of(const Value& document) {
  std::vector<Location> locations;
  add_locations(document, "", &locations);
  return locations;
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

}  // namespace weir::patch
