#include "weir/documents/document_node.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "weir/base/text.h"
#include "weir/documents/yaml_scalar.h"

namespace weir {
namespace {

using Kind = DocumentNode::Kind;

template <class Number>
std::optional<Number> parse(std::string_view text) {
  Number number;
  const char* const end = text.data() + text.size();
  const auto [parsed_to, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || parsed_to != end) return std::nullopt;
  return number;
}

// The decimal text of a number, or the text of a string, which may hold one.
// All JSON numbers are YAML numbers too.
std::string decimal(const DocumentNode& node) {
  if (node.kind == Kind::kText) return node.text;
  return node.kind == Kind::kNumber ? yaml_number(node.text).value_or("") : "";
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' ||
           c == '-';
  });
}

}  // namespace

const DocumentNode* DocumentNode::find(std::string_view name) const {
  const auto it = std::find(names.begin(), names.end(), name);
  return it == names.end() ? nullptr
                           : &items[static_cast<std::size_t>(
                                 std::distance(names.begin(), it))];
}

std::optional<double> DocumentNode::number() const {
  const auto value = parse<double>(decimal(*this));
  return value.has_value() && std::isfinite(*value) ? value : std::nullopt;
}

std::optional<std::int64_t> DocumentNode::integer() const {
  const std::string digits = decimal(*this);
  if (const auto value = parse<std::int64_t>(digits)) return value;
  constexpr double kMaxExact = 9007199254740992.0;
  const auto value = parse<double>(digits);
  if (!value.has_value() || *value != std::trunc(*value) ||
      std::abs(*value) > kMaxExact) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*value);
}

std::string describe(const DocumentNode& node) {
  switch (node.kind) {
    case Kind::kNull:
      return "null";
    case Kind::kBoolean:
      return node.text;
    case Kind::kNumber:
      return absl::StrCat("number ", node.text);
    case Kind::kText:
      return absl::StrCat("string ", internal::excerpt(node.text));
    case Kind::kSequence:
      return "a list";
    case Kind::kMapping:
      break;
  }
  return "an object";
}

google::protobuf::Value to_value(const DocumentNode& node) {
  google::protobuf::Value value;
  switch (node.kind) {
    case Kind::kNull:
      value.set_null_value(google::protobuf::NULL_VALUE);
      break;
    case Kind::kBoolean:
      value.set_bool_value(node.text == "true");
      break;
    case Kind::kNumber:
      value.set_number_value(node.number().value_or(0));
      break;
    case Kind::kText:
      value.set_string_value(node.text);
      break;
    case Kind::kSequence:
      value.mutable_list_value();
      for (const DocumentNode& item : node.items) {
        *value.mutable_list_value()->add_values() = to_value(item);
      }
      break;
    case Kind::kMapping: {
      auto& members = *value.mutable_struct_value()->mutable_fields();
      for (std::size_t i = 0; i < node.items.size(); ++i) {
        members[node.names[i]] = to_value(node.items[i]);
      }
      break;
    }
  }
  return value;
}

std::string member_path(std::string_view path, std::string_view name) {
  if (!is_plain_name(name)) {
    return absl::StrCat(internal::to_absl(path), "[", internal::excerpt(name),
                        "]");
  }
  return absl::StrCat(internal::to_absl(path), path.empty() ? "" : ".",
                      internal::to_absl(name));
}

std::string element_path(std::string_view path, std::size_t index) {
  return absl::StrCat(internal::to_absl(path), "[", index, "]");
}

}  // namespace weir
