// Writes free JSON: a google::protobuf::Value as text.

#ifndef WEIR_JSON_JSON_VALUE_H_
#define WEIR_JSON_JSON_VALUE_H_

#include <string>

#include "google/protobuf/struct.pb.h"
#include "weir/json/json_writer.h"

namespace weir {

// Returns `value` as text that parse_json() can read. For any value that
// parse_json() returned, parse_json(value_to_json(value)) is the same value.
//
// A Value does not keep the original order of an object's members: they are
// written sorted by name, in byte order. Numbers are written as
// JsonWriter::plain_number() does. Values that JSON cannot represent (NaN,
// infinities and a Value that holds nothing) become null.
std::string value_to_json(const google::protobuf::Value& value,
                          JsonStyle style = JsonStyle::kCompact);

// The same as part of a larger text.
void write_value(const google::protobuf::Value& value, JsonWriter* json);

// Describes `value` for errors: `null`, `true`, `number 0.5`, `string "abc"`
// (truncated if it is long), `an object`, `an array`, `no value`.
std::string describe_value(const google::protobuf::Value& value);

}  // namespace weir

#endif  // WEIR_JSON_JSON_VALUE_H_
