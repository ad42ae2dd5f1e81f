#include "weir/json/json_value.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/base/text.h"
#include "weir/json/sorted_entries.h"

namespace weir {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Struct;
using google::protobuf::Value;

void write_object(const Struct& object, JsonWriter* json) {
  json->begin_object();
  for (const auto& [name, value] : sorted_entries(object.fields())) {
    json->key(name);
    write_value(*value, json);
  }
  json->end_object();
}

void write_array(const ListValue& array, JsonWriter* json) {
  json->begin_array();
  for (const Value& value : array.values()) write_value(value, json);
  json->end_array();
}

}  // namespace

void write_value(const Value& value, JsonWriter* json) {
  switch (value.kind_case()) {
    case Value::kNullValue:
    case Value::KIND_NOT_SET:
      return json->null();
    case Value::kNumberValue:
      return json->plain_number(value.number_value());
    case Value::kStringValue:
      return json->string(value.string_value());
    case Value::kBoolValue:
      return json->boolean(value.bool_value());
    case Value::kStructValue:
      return write_object(value.struct_value(), json);
    case Value::kListValue:
      return write_array(value.list_value(), json);
  }
}

std::string value_to_json(const Value& value, JsonStyle style) {
  JsonWriter json(style);
  write_value(value, &json);
  return std::move(json).text();
}

std::string describe_value(const Value& value) {
  switch (value.kind_case()) {
    case Value::kStringValue:
      return absl::StrCat("string ", internal::excerpt(value.string_value()));
    case Value::kNumberValue:
      return absl::StrCat("number ", value_to_json(value));
    case Value::kStructValue:
      return "an object";
    case Value::kListValue:
      return "an array";
    case Value::KIND_NOT_SET:
      return "no value";
    default:
      return value_to_json(value);
  }
}

}  // namespace weir
