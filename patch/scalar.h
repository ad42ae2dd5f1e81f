// Scalar fields and their JSON form.

#ifndef WEIR_PATCH_SCALAR_H_
#define WEIR_PATCH_SCALAR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "google/protobuf/descriptor.h"
#include "weir/patch/place.h"

namespace weir::patch {

struct EnumNumber {
  int number;
  friend bool operator==(EnumNumber a, EnumNumber b) {
    return a.number == b.number;
  }
};

// The content of a scalar field, in the field's own C++ type.
using Scalar = std::variant<bool, int32_t, int64_t, uint32_t, uint64_t, float,
                            double, std::string, EnumNumber>;

// A JSON value that is neither array nor object. Monostate is null.
using JsonScalar = std::variant<std::monostate, bool, double, std::string>;

// REQUIRES: `place` is a scalar field or element that exists.
Scalar read_scalar(const Place& place);

// read_scalar(place) == scalar, without a copy of a string.
bool holds(const Place& place, const Scalar& scalar);

// REQUIRES: `scalar` has the type of the field.
void write_scalar(const Place& place, const Scalar& scalar);

// The proto3 JSON form: 64-bit integers are strings, enums their names.
JsonScalar scalar_to_json(const Scalar& scalar,
                          const google::protobuf::FieldDescriptor* field);

// The inverse, as leniently as patches are read: numbers and bool also from
// strings, enums also from numbers. nullopt if `json` is not a value of the
// field's type.
std::optional<Scalar> scalar_from_json(
    const JsonScalar& json, const google::protobuf::FieldDescriptor* field);

// For errors: `an integer in -2147483648..2147483647`, `a string in base64`.
std::string describe_type(const google::protobuf::FieldDescriptor* field);

// For errors: `null`, `true`, `number 0.5`, `string "abc"`.
std::string describe(const JsonScalar& json);
// Like JSON, but 64-bit integers are numbers.
std::string describe(const Scalar& scalar,
                     const google::protobuf::FieldDescriptor* field);

// Whether the only value of `field`'s type is null.
bool is_null_value(const google::protobuf::FieldDescriptor* field);

}  // namespace weir::patch

#endif  // WEIR_PATCH_SCALAR_H_
