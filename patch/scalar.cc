#include "weir/patch/scalar.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>
#include <type_traits>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/message.h"
#include "weir/base/text.h"

namespace weir::patch {
namespace {

using ::google::protobuf::EnumDescriptor;
using ::google::protobuf::EnumValueDescriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

template <typename T>
T get(const Place& place,
      T (Reflection::*field)(const Message&, const FieldDescriptor*) const,
      T (Reflection::*element)(const Message&, const FieldDescriptor*, int)
          const) {
  const Reflection& reflection = place.reflection();
  return place.index < 0
             ? (reflection.*field)(*place.message, place.field)
             : (reflection.*element)(*place.message, place.field, place.index);
}

template <typename T, typename Parameter>
void set(const Place& place, T value,
         void (Reflection::*field)(Message*, const FieldDescriptor*, Parameter)
             const,
         void (Reflection::*element)(Message*, const FieldDescriptor*, int,
                                     Parameter) const,
         void (Reflection::*append)(Message*, const FieldDescriptor*, Parameter)
             const) {
  const Reflection& reflection = place.reflection();
  if (place.index < 0) {
    (reflection.*field)(place.message, place.field, std::move(value));
  } else if (place.index < reflection.FieldSize(*place.message, place.field)) {
    (reflection.*element)(place.message, place.field, place.index,
                          std::move(value));
  } else {
    (reflection.*append)(place.message, place.field, std::move(value));
  }
}

template <typename T>
std::optional<T> parse_number(std::string_view text) {
  T value;
  const char* end = text.data() + text.size();
  const auto [parsed_to, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || parsed_to != end) return std::nullopt;
  return value;
}

template <typename Int>
std::optional<Int> to_integer(const JsonScalar& json) {
  if (const auto* text = std::get_if<std::string>(&json)) {
    return parse_number<Int>(*text);
  }
  const auto* number = std::get_if<double>(&json);
  if (number == nullptr) return std::nullopt;
  // Both bounds are exact as doubles: zero or powers of two.
  constexpr double kBegin =
      static_cast<double>(std::numeric_limits<Int>::min());
  constexpr double kEnd =
      2.0 * static_cast<double>(std::numeric_limits<Int>::max() / 2 + 1);
  if (!(*number >= kBegin && *number < kEnd) ||
      *number != std::trunc(*number)) {
    return std::nullopt;
  }
  return static_cast<Int>(*number);
}

std::optional<double> to_double(const JsonScalar& json) {
  std::optional<double> number;
  if (const auto* text = std::get_if<std::string>(&json)) {
    number = parse_number<double>(*text);
  } else if (const auto* value = std::get_if<double>(&json)) {
    number = *value;
  }
  return number.has_value() && std::isfinite(*number) ? number : std::nullopt;
}

std::optional<float> to_float(const JsonScalar& json) {
  const std::optional<double> number = to_double(json);
  // Halfway between the largest float and the next power of two: smaller
  // numbers round to a finite float.
  if (!number.has_value() || std::abs(*number) >= 0x1.ffffffp127) {
    return std::nullopt;
  }
  return static_cast<float>(*number);
}

std::optional<bool> to_bool(const JsonScalar& json) {
  if (const auto* value = std::get_if<bool>(&json)) return *value;
  const auto* text = std::get_if<std::string>(&json);
  if (text != nullptr && *text == "true") return true;
  if (text != nullptr && *text == "false") return false;
  return std::nullopt;
}

std::optional<EnumNumber> to_enum(const JsonScalar& json,
                                  const FieldDescriptor* field) {
  const EnumValueDescriptor* value = nullptr;
  if (const auto* name = std::get_if<std::string>(&json)) {
    value = field->enum_type()->FindValueByName(*name);
  } else if (std::holds_alternative<double>(json)) {
    const std::optional<int> number = to_integer<int>(json);
    if (number.has_value()) {
      value = field->enum_type()->FindValueByNumber(*number);
    }
  } else if (std::holds_alternative<std::monostate>(json) &&
             is_null_value(field)) {
    return EnumNumber{0};
  }
  if (value == nullptr) return std::nullopt;
  return EnumNumber{value->number()};
}

std::optional<std::string> to_string(const JsonScalar& json,
                                     const FieldDescriptor* field) {
  const auto* text = std::get_if<std::string>(&json);
  if (text == nullptr) return std::nullopt;
  if (field->type() != FieldDescriptor::TYPE_BYTES) return *text;
  std::string bytes;
  if (absl::Base64Unescape(*text, &bytes) ||
      absl::WebSafeBase64Unescape(*text, &bytes)) {
    return bytes;
  }
  return std::nullopt;
}

template <typename Int>
std::string integers() {
  return absl::StrCat("an integer in ", std::numeric_limits<Int>::min(), "..",
                      std::numeric_limits<Int>::max());
}

// "one of DAY, WEEK, MONTH", without the name that stands for "unspecified".
std::string names_of(const EnumDescriptor& type) {
  constexpr int kMax = 16;
  std::string names;
  for (int i = 0; i < std::min(type.value_count(), kMax); ++i) {
    const EnumValueDescriptor& value = *type.value(i);
    if (absl::EndsWith(value.name(), "_UNSPECIFIED")) continue;
    absl::StrAppend(&names, names.empty() ? "one of " : ", ", value.name());
  }
  return type.value_count() > kMax ? names + ", ..." : names;
}

std::string shortest(double number) {
  char buffer[32];
  const auto [end, error] =
      std::to_chars(buffer, buffer + sizeof(buffer), number);
  return std::string(buffer, end);
}

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <typename... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

}  // namespace

Scalar read_scalar(const Place& place) {
  using R = Reflection;
  switch (place.field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return get(place, &R::GetBool, &R::GetRepeatedBool);
    case FieldDescriptor::CPPTYPE_INT32:
      return get(place, &R::GetInt32, &R::GetRepeatedInt32);
    case FieldDescriptor::CPPTYPE_INT64:
      return get(place, &R::GetInt64, &R::GetRepeatedInt64);
    case FieldDescriptor::CPPTYPE_UINT32:
      return get(place, &R::GetUInt32, &R::GetRepeatedUInt32);
    case FieldDescriptor::CPPTYPE_UINT64:
      return get(place, &R::GetUInt64, &R::GetRepeatedUInt64);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return get(place, &R::GetFloat, &R::GetRepeatedFloat);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return get(place, &R::GetDouble, &R::GetRepeatedDouble);
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumNumber{get(place, &R::GetEnumValue, &R::GetRepeatedEnumValue)};
    case FieldDescriptor::CPPTYPE_STRING:
      return get(place, &R::GetString, &R::GetRepeatedString);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return Scalar();
}

bool holds(const Place& place, const Scalar& scalar) {
  const auto* text = std::get_if<std::string>(&scalar);
  if (text == nullptr || place.index >= 0) return read_scalar(place) == scalar;
  std::string scratch;
  return place.reflection().GetStringReference(*place.message, place.field,
                                               &scratch) == *text;
}

void write_scalar(const Place& place, const Scalar& scalar) {
  using R = Reflection;
  std::visit(
      Overloaded{
          [&](bool v) {
            set(place, v, &R::SetBool, &R::SetRepeatedBool, &R::AddBool);
          },
          [&](int32_t v) {
            set(place, v, &R::SetInt32, &R::SetRepeatedInt32, &R::AddInt32);
          },
          [&](int64_t v) {
            set(place, v, &R::SetInt64, &R::SetRepeatedInt64, &R::AddInt64);
          },
          [&](uint32_t v) {
            set(place, v, &R::SetUInt32, &R::SetRepeatedUInt32, &R::AddUInt32);
          },
          [&](uint64_t v) {
            set(place, v, &R::SetUInt64, &R::SetRepeatedUInt64, &R::AddUInt64);
          },
          [&](float v) {
            set(place, v, &R::SetFloat, &R::SetRepeatedFloat, &R::AddFloat);
          },
          [&](double v) {
            set(place, v, &R::SetDouble, &R::SetRepeatedDouble, &R::AddDouble);
          },
          [&](const std::string& v) {
            set(place, v, &R::SetString, &R::SetRepeatedString, &R::AddString);
          },
          [&](EnumNumber v) {
            set(place, v.number, &R::SetEnumValue, &R::SetRepeatedEnumValue,
                &R::AddEnumValue);
          },
      },
      scalar);
}

JsonScalar scalar_to_json(const Scalar& scalar, const FieldDescriptor* field) {
  const auto number = [](double value) -> JsonScalar {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
    return value;
  };
  return std::visit(
      Overloaded{
          [&](bool v) -> JsonScalar { return v; },
          [&](int64_t v) -> JsonScalar { return absl::StrCat(v); },
          [&](uint64_t v) -> JsonScalar { return absl::StrCat(v); },
          [&](const std::string& v) -> JsonScalar {
            if (field->type() != FieldDescriptor::TYPE_BYTES) return v;
            return absl::Base64Escape(v);
          },
          [&](EnumNumber v) -> JsonScalar {
            if (is_null_value(field)) return std::monostate();
            const EnumValueDescriptor* value =
                field->enum_type()->FindValueByNumber(v.number);
            if (value == nullptr) return static_cast<double>(v.number);
            return std::string(value->name());
          },
          [&](auto v) -> JsonScalar { return number(v); },
      },
      scalar);
}

std::optional<Scalar> scalar_from_json(const JsonScalar& json,
                                       const FieldDescriptor* field) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return to_bool(json);
    case FieldDescriptor::CPPTYPE_INT32:
      return to_integer<int32_t>(json);
    case FieldDescriptor::CPPTYPE_INT64:
      return to_integer<int64_t>(json);
    case FieldDescriptor::CPPTYPE_UINT32:
      return to_integer<uint32_t>(json);
    case FieldDescriptor::CPPTYPE_UINT64:
      return to_integer<uint64_t>(json);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return to_float(json);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return to_double(json);
    case FieldDescriptor::CPPTYPE_ENUM:
      return to_enum(json, field);
    case FieldDescriptor::CPPTYPE_STRING:
      return to_string(json, field);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return std::nullopt;
}

std::string describe_type(const FieldDescriptor* field) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case FieldDescriptor::CPPTYPE_INT32:
      return integers<int32_t>();
    case FieldDescriptor::CPPTYPE_INT64:
      return integers<int64_t>();
    case FieldDescriptor::CPPTYPE_UINT32:
      return integers<uint32_t>();
    case FieldDescriptor::CPPTYPE_UINT64:
      return integers<uint64_t>();
    case FieldDescriptor::CPPTYPE_FLOAT:
      return "a number that fits a 32-bit float";
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return "a finite number";
    case FieldDescriptor::CPPTYPE_ENUM:
      return is_null_value(field) ? "null" : names_of(*field->enum_type());
    case FieldDescriptor::CPPTYPE_STRING:
      return field->type() == FieldDescriptor::TYPE_BYTES ? "a string in base64"
                                                          : "a string";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return "an object";
}

std::string describe(const JsonScalar& json) {
  return std::visit(
      Overloaded{
          [](std::monostate) -> std::string { return "null"; },
          [](bool v) -> std::string { return v ? "true" : "false"; },
          [](double v) { return absl::StrCat("number ", shortest(v)); },
          [](const std::string& v) {
            return absl::StrCat("string ", internal::excerpt(v));
          },
      },
      json);
}

std::string describe(const Scalar& scalar, const FieldDescriptor* field) {
  if (std::holds_alternative<int64_t>(scalar) ||
      std::holds_alternative<uint64_t>(scalar)) {
    return absl::StrCat("number ",
                        std::get<std::string>(scalar_to_json(scalar, field)));
  }
  return describe(scalar_to_json(scalar, field));
}

bool is_null_value(const FieldDescriptor* field) {
  return field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM &&
         field->enum_type()->full_name() == "google.protobuf.NullValue";
}

}  // namespace weir::patch
