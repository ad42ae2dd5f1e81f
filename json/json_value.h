// Writes free JSON: a google::protobuf::Value as text.

#ifndef WEIR_JSON_JSON_VALUE_H_
#define WEIR_JSON_JSON_VALUE_H_

#include <string>

#include "google/protobuf/struct.pb.h"
#include "json/json_writer.h"

namespace weir {

// The text of `value`, as parse_json() reads it: of every value that it
// returns, parse_json(value_to_json(value)) is that value again.
//
// A Value does not keep the order in which an object's members came: they are
// written sorted by name, in the order of bytes. Numbers are written as
// JsonWriter::plain_number() does. What JSON has no text for, NaN, infinities
// and a Value that holds nothing, becomes null.
std::string value_to_json(const google::protobuf::Value& value,
                          JsonStyle style = JsonStyle::kCompact);

// The same as part of a larger text.
void write_value(const google::protobuf::Value& value, JsonWriter* json);

// What `value` is, for errors: `null`, `true`, `number 0.5`, `string "abc"`
// (cut short if it is long), `an object`, `an array`, `no value`.
std::string describe_value(const google::protobuf::Value& value);

}  // namespace weir

#endif  // WEIR_JSON_JSON_VALUE_H_
