#include "weir/patch/check_json.h"

#include <cmath>

#include "weir/base/utf8.h"

namespace weir::patch {

using ::google::protobuf::Value;

absl::Status too_deep() {
  return absl::ResourceExhaustedError("the value would nest too deep");
}

absl::Status check_json(const Value& value, size_t levels) {
  const auto check_child = [levels](const Value& child) {
    return levels == 0 ? too_deep() : check_json(child, levels - 1);
  };
  switch (value.kind_case()) {
    case Value::kNullValue:
    case Value::kBoolValue:
      return absl::OkStatus();
    case Value::kNumberValue:
      if (std::isfinite(value.number_value())) return absl::OkStatus();
      return absl::InvalidArgumentError("a number in the value is not finite");
    case Value::kStringValue:
      if (internal::is_utf8(value.string_value())) return absl::OkStatus();
      return absl::InvalidArgumentError("a string in the value is not UTF-8");
    case Value::kListValue:
      for (const Value& element : value.list_value().values()) {
        absl::Status status = check_child(element);
        if (!status.ok()) return status;
      }
      return absl::OkStatus();
    case Value::kStructValue:
      for (const auto& [name, member] : value.struct_value().fields()) {
        if (!internal::is_utf8(name)) {
          return absl::InvalidArgumentError("a name in the value is not UTF-8");
        }
        absl::Status status = check_child(member);
        if (!status.ok()) return status;
      }
      return absl::OkStatus();
    case Value::KIND_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("a part of the value has no kind");
}

}  // namespace weir::patch
