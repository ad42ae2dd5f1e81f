#include "weir/patch/patch_document.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "weir/base/text.h"
#include "weir/json/json_reader.h"
#include "weir/json/json_value.h"

namespace weir::patch {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

bool takes_from(std::string_view op) { return op == "move" || op == "copy"; }

// Reads a required member that is a string.
absl::Status read_string(const Struct& object, const std::string& name,
                         std::string* out) {
  const auto member = object.fields().find(name);
  if (member == object.fields().end() ||
      member->second.kind_case() != Value::kStringValue) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected a member \"", name, "\" that is a string"));
  }
  *out = member->second.string_value();
  return absl::OkStatus();
}

absl::StatusOr<v1::PatchOperation> read_operation(const Value& value) {
  if (!value.has_struct_value()) {
    return absl::InvalidArgumentError("expected an object");
  }
  const Struct& object = value.struct_value();
  v1::PatchOperation operation;
  absl::Status status = read_string(object, "op", operation.mutable_op());
  if (status.ok()) {
    status = read_string(object, "path", operation.mutable_path());
  }
  // Without this check an absent `from` would be the whole document.
  if (status.ok() && takes_from(operation.op())) {
    status = read_string(object, "from", operation.mutable_from());
  }
  if (!status.ok()) return status;
  const auto operand = object.fields().find("value");
  if (operand != object.fields().end()) {
    *operation.mutable_value() = operand->second;
  }
  return operation;
}

std::string operation_to_json(const v1::PatchOperation& operation) {
  JsonWriter json(JsonStyle::kCompact);
  json.begin_object();
  json.key("op");
  json.string(operation.op());
  json.key("path");
  json.string(operation.path());
  if (takes_from(operation.op())) {
    json.key("from");
    json.string(operation.from());
  }
  if (operation.has_value()) {
    json.key("value");
    write_value(operation.value(), &json);
  }
  json.end_object();
  return std::move(json).text();
}

}  // namespace

absl::StatusOr<std::vector<v1::PatchOperation>> json_patch_from_json(
    std::string_view json) {
  const absl::StatusOr<Value> document = parse_json(json);
  if (!document.ok()) return document.status();
  return json_patch_from_value(*document);
}

absl::StatusOr<std::vector<v1::PatchOperation>> json_patch_from_value(
    const Value& document) {
  if (!document.has_list_value()) {
    return absl::InvalidArgumentError(
        "expected a JSON Patch, an array of operations");
  }
  std::vector<v1::PatchOperation> operations;
  operations.reserve(document.list_value().values_size());
  for (const Value& value : document.list_value().values()) {
    absl::StatusOr<v1::PatchOperation> operation = read_operation(value);
    if (!operation.ok()) {
      return internal::with_prefix(
          operation.status(),
          absl::StrCat("operations[", operations.size(), "]: "));
    }
    operations.push_back(*std::move(operation));
  }
  return operations;
}

std::string json_patch_to_json(absl::Span<const v1::PatchOperation> operations,
                               JsonStyle style) {
  if (operations.empty()) return "[]";
  const bool pretty = style == JsonStyle::kPretty;
  std::string json;
  std::string_view before = pretty ? "[\n  " : "[";
  for (const v1::PatchOperation& operation : operations) {
    absl::StrAppend(&json, internal::to_absl(before),
                    operation_to_json(operation));
    before = pretty ? ",\n  " : ",";
  }
  return json += pretty ? "\n]" : "]";
}

}  // namespace weir::patch
