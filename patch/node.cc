#include "weir/patch/node.h"

#include <algorithm>
#include <optional>
#include <type_traits>
#include <typeinfo>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/map.h"
#include "google/protobuf/repeated_field.h"
#include "google/protobuf/struct.pb.h"
#include "weir/base/text.h"
#include "weir/patch/json_pointer.h"
#include "weir/patch/scalar.h"

namespace weir::patch {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::ListValue;
using ::google::protobuf::Message;
using ::google::protobuf::Struct;
using ::google::protobuf::Value;

// The field of Struct, ListValue and the wrappers.
Place only_field(Message* message) {
  return Place{message, message->GetDescriptor()->FindFieldByNumber(1)};
}

// Accesses free JSON through its generated code if possible: reflection takes
// several times as long for each step.
template <typename Generated>
Generated* as(Message* message) {
  return typeid(*message) == typeid(Generated)
             ? static_cast<Generated*>(message)
             : nullptr;
}

struct JsonFields {
  const FieldDescriptor* members = Struct::descriptor()->field(0);
  const FieldDescriptor* elements = ListValue::descriptor()->field(0);
  const FieldDescriptor* number = kind(Value::kNumberValueFieldNumber);
  const FieldDescriptor* text = kind(Value::kStringValueFieldNumber);
  const FieldDescriptor* flag = kind(Value::kBoolValueFieldNumber);

  static const FieldDescriptor* kind(int number) {
    return Value::descriptor()->FindFieldByNumber(number);
  }
};

Node look_at_json(Value* value) {
  static const JsonFields fields;
  switch (value->kind_case()) {
    case Value::kStructValue:
      return {Node::Kind::kMap,
              {value->mutable_struct_value(), fields.members}};
    case Value::kListValue:
      return {Node::Kind::kArray,
              {value->mutable_list_value(), fields.elements}};
    case Value::kNumberValue:
      return {Node::Kind::kScalar, {value, fields.number}};
    case Value::kStringValue:
      return {Node::Kind::kScalar, {value, fields.text}};
    case Value::kBoolValue:
      return {Node::Kind::kScalar, {value, fields.flag}};
    default:
      return {Node::Kind::kNull, {value}};
  }
}

Node look_at_value(Message* value) {
  const FieldDescriptor* kind = value->GetReflection()->GetOneofFieldDescriptor(
      *value, value->GetDescriptor()->oneof_decl(0));
  if (kind == nullptr) return {Node::Kind::kNull, {value}};
  return look(Place{value, kind});
}

Node look_at_message(Message* message) {
  if (auto* value = as<Value>(message)) return look_at_json(value);
  switch (message->GetDescriptor()->well_known_type()) {
    case Descriptor::WELLKNOWNTYPE_VALUE:
      return look_at_value(message);
    case Descriptor::WELLKNOWNTYPE_STRUCT:
      return {Node::Kind::kMap, only_field(message)};
    case Descriptor::WELLKNOWNTYPE_LISTVALUE:
      return {Node::Kind::kArray, only_field(message)};
    case Descriptor::WELLKNOWNTYPE_DOUBLEVALUE:
    case Descriptor::WELLKNOWNTYPE_FLOATVALUE:
    case Descriptor::WELLKNOWNTYPE_INT64VALUE:
    case Descriptor::WELLKNOWNTYPE_UINT64VALUE:
    case Descriptor::WELLKNOWNTYPE_INT32VALUE:
    case Descriptor::WELLKNOWNTYPE_UINT32VALUE:
    case Descriptor::WELLKNOWNTYPE_STRINGVALUE:
    case Descriptor::WELLKNOWNTYPE_BYTESVALUE:
    case Descriptor::WELLKNOWNTYPE_BOOLVALUE:
      return {Node::Kind::kScalar, only_field(message)};
    case Descriptor::WELLKNOWNTYPE_ANY:
    case Descriptor::WELLKNOWNTYPE_FIELDMASK:
    case Descriptor::WELLKNOWNTYPE_DURATION:
    case Descriptor::WELLKNOWNTYPE_TIMESTAMP:
      return {Node::Kind::kOpaque, {message}};
    default:
      return {Node::Kind::kMessage, {message}};
  }
}

Place key_of(const Place& map, int index) {
  return {
      map.reflection().MutableRepeatedMessage(map.message, map.field, index),
      map.field->message_type()->map_key()};
}

Place value_of(const Place& map, int index) {
  return {
      map.reflection().MutableRepeatedMessage(map.message, map.field, index),
      map.field->message_type()->map_value()};
}

using StructMembers = google::protobuf::Map<std::string, Value>;

// The members of a Struct, which can be looked up: reflection can only search
// the entries of other maps. Null if `map` is another map, or a Struct without
// generated code.
StructMembers* struct_members(const Place& map) {
  auto* object = as<Struct>(map.message);
  return object == nullptr ? nullptr : object->mutable_fields();
}

std::string key_text(const Scalar& key) {
  return std::visit(
      [](const auto& k) -> std::string {
        using Key = std::decay_t<decltype(k)>;
        if constexpr (std::is_same_v<Key, bool>) {
          return k ? "true" : "false";
        } else if constexpr (std::is_same_v<Key, EnumNumber>) {
          return absl::StrCat(k.number);
        } else {
          return absl::StrCat(k);
        }
      },
      key);
}

// Accepts only the canonical text of a key ("1", not "01"), so that distinct
// names are distinct keys.
absl::StatusOr<Scalar> parse_key(const FieldDescriptor* map,
                                 std::string_view name) {
  const FieldDescriptor* type = map->message_type()->map_key();
  auto key = scalar_from_json(std::string(name), type);
  if (key.has_value() && key_text(*key) == name) return *std::move(key);
  return absl::InvalidArgumentError(
      absl::StrCat("expected ", describe_type(type), " for a key, got ",
                   internal::excerpt(name)));
}

// The index of an entry; -1 if there is none. Errors: those of append_entry().
absl::StatusOr<int> find_entry(const Place& map, std::string_view name) {
  auto key = parse_key(map.field, name);
  if (!key.ok()) return key.status();
  const int size = map.reflection().FieldSize(*map.message, map.field);
  for (int i = 0; i < size; ++i) {
    if (holds(key_of(map, i), *key)) return i;
  }
  return -1;
}

// The value of a member; nullopt if there is none. Errors: those of
// append_entry().
absl::StatusOr<std::optional<Place>> find_value(const Place& map,
                                                std::string_view name) {
  if (StructMembers* members = struct_members(map)) {
    const auto member = members->find(std::string(name));
    if (member == members->end()) return std::nullopt;
    return Place{&member->second};
  }
  const auto index = find_entry(map, name);
  if (!index.ok()) return index.status();
  if (*index < 0) return std::nullopt;
  return value_of(map, *index);
}

absl::Status erase_entry(const Place& map, std::string_view name) {
  if (StructMembers* members = struct_members(map)) {
    members->erase(std::string(name));
    return absl::OkStatus();
  }
  const auto& reflection = map.reflection();
  const int last = reflection.FieldSize(*map.message, map.field) - 1;
  // The order of entries is irrelevant.
  reflection.SwapElements(map.message, map.field, *find_entry(map, name), last);
  reflection.RemoveLast(map.message, map.field);
  return absl::OkStatus();
}

absl::Status no_element(int size) {
  return absl::NotFoundError(absl::StrCat(
      "the array has ", size, size == 1 ? " element" : " elements"));
}

absl::StatusOr<int> find_element(const Node& array, std::string_view segment) {
  const int size = size_of(array);
  auto index = parse_array_index(segment, size);
  if (!index.ok()) return index.status();
  if (*index >= static_cast<size_t>(size)) return no_element(size);
  return static_cast<int>(*index);
}

absl::StatusOr<const FieldDescriptor*> member_field(const Message& message,
                                                    std::string_view segment) {
  const FieldDescriptor* field = find_field(message.GetDescriptor(), segment);
  if (field != nullptr) return field;
  return absl::NotFoundError(no_such_member(*message.GetDescriptor()));
}

absl::StatusOr<Place> find_member(Message* message, std::string_view segment) {
  auto field = member_field(*message, segment);
  if (!field.ok()) return field.status();
  if ((*field)->has_presence() &&
      !message->GetReflection()->HasField(*message, *field)) {
    return absl::NotFoundError("the field is not set");
  }
  return Place{message, *field};
}

absl::Status no_children(const Node& node) {
  return absl::NotFoundError(absl::StrCat(describe(node), " has no members"));
}

absl::StatusOr<Place> find_child(const Place& parent,
                                 std::string_view segment) {
  const Node node = look(parent);
  switch (node.kind) {
    case Node::Kind::kMessage:
      return find_member(node.place.message, segment);
    case Node::Kind::kMap: {
      const auto value = find_value(node.place, segment);
      if (!value.ok()) return value.status();
      if (value->has_value()) return **value;
      return absl::NotFoundError("the object has no such member");
    }
    case Node::Kind::kArray: {
      auto index = find_element(node, segment);
      if (!index.ok()) return index.status();
      return element_of(node, *index);
    }
    default:
      return no_children(node);
  }
}

// Moves the element at `from` to `to`, shifting those in between.
void move_element(const Place& array, int from, int to) {
  if (auto* list = as<ListValue>(array.message)) {
    const auto begin = list->mutable_values()->pointer_begin();
    if (from < to) {
      std::rotate(begin + from, begin + from + 1, begin + to + 1);
    } else {
      std::rotate(begin + to, begin + from, begin + from + 1);
    }
    return;
  }
  const int step = from < to ? 1 : -1;
  for (int i = from; i != to; i += step) {
    array.reflection().SwapElements(array.message, array.field, i, i + step);
  }
}

// Makes room in the array for a new element at `segment`.
absl::StatusOr<Place> open_array(const Node& array, std::string_view segment) {
  const int size = size_of(array);
  auto index = parse_array_index(segment, size);
  if (!index.ok()) return index.status();
  if (*index > static_cast<size_t>(size)) return no_element(size);
  const Place end = element_of(array, size);
  if (*index == static_cast<size_t>(size)) return end;
  // Adds a placeholder: an empty message, or a copy of the last scalar.
  if (end.message_type() != nullptr) {
    message_at(end);
  } else {
    write_scalar(end, read_scalar(element_of(array, size - 1)));
  }
  move_element(end, size, static_cast<int>(*index));
  return element_of(array, static_cast<int>(*index));
}

absl::StatusOr<Opening> open_child(const Place& parent,
                                   std::string_view segment) {
  const Node node = look(parent);
  switch (node.kind) {
    case Node::Kind::kMessage: {
      auto field = member_field(*node.place.message, segment);
      if (!field.ok()) return field.status();
      return Opening{{node.place.message, *field}, false};
    }
    case Node::Kind::kMap: {
      const auto value = find_value(node.place, segment);
      if (!value.ok()) return value.status();
      if (value->has_value()) return Opening{**value, false};
      auto entry = append_entry(node.place, segment);
      if (!entry.ok()) return entry.status();
      return Opening{*entry, true};
    }
    case Node::Kind::kArray: {
      auto element = open_array(node, segment);
      if (!element.ok()) return element.status();
      return Opening{*element, true};
    }
    default:
      return no_children(node);
  }
}

absl::Status erase_child(const Place& parent, std::string_view segment) {
  auto child = find_child(parent, segment);
  if (!child.ok()) return child.status();
  const Node node = look(parent);
  const Place& place = node.place;
  const auto& reflection = place.reflection();
  if (node.kind == Node::Kind::kMap) return erase_entry(place, segment);
  if (node.kind == Node::Kind::kMessage) {
    reflection.ClearField(place.message, child->field);
    return absl::OkStatus();
  }
  move_element(*child, child->index, size_of(node) - 1);
  reflection.RemoveLast(place.message, place.field);
  return absl::OkStatus();
}

absl::Status at_segment(size_t index, std::string_view segment,
                        const absl::Status& error) {
  return internal::with_prefix(
      error,
      absl::StrCat("segment ", index, " ", internal::excerpt(segment), ": "));
}

}  // namespace

Node look(const Place& place) {
  if (place.field == nullptr || place.message_type() != nullptr) {
    return look_at_message(message_at(place));
  }
  if (place.is_whole_repeated()) {
    return {place.field->is_map() ? Node::Kind::kMap : Node::Kind::kArray,
            place};
  }
  return {is_null_value(place.field) ? Node::Kind::kNull : Node::Kind::kScalar,
          place};
}

std::string describe(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return "null";
    case Node::Kind::kScalar:
      return describe(read_scalar(node.place), node.place.field);
    case Node::Kind::kArray:
      return "an array";
    case Node::Kind::kMap:
    case Node::Kind::kMessage:
      return "an object";
    case Node::Kind::kOpaque:
      break;
  }
  return absl::StrCat("a ", node.place.message->GetTypeName());
}

Message* message_at(const Place& place) {
  if (place.field == nullptr) return place.message;
  if (auto* list = as<ListValue>(place.message); list != nullptr) {
    return place.index < list->values_size() ? list->mutable_values(place.index)
                                             : list->add_values();
  }
  const auto& reflection = place.reflection();
  if (place.index < 0) {
    return reflection.MutableMessage(place.message, place.field);
  }
  if (place.index < reflection.FieldSize(*place.message, place.field)) {
    return reflection.MutableRepeatedMessage(place.message, place.field,
                                             place.index);
  }
  return reflection.AddMessage(place.message, place.field);
}

int size_of(const Node& node) {
  if (auto* list = as<ListValue>(node.place.message)) {
    return list->values_size();
  }
  return node.place.reflection().FieldSize(*node.place.message,
                                           node.place.field);
}

Place element_of(const Node& array, int index) {
  return {array.place.message, array.place.field, index};
}

std::vector<std::pair<std::string, Place>> members_of(const Node& object) {
  std::vector<std::pair<std::string, Place>> members;
  const Place& place = object.place;
  if (object.kind == Node::Kind::kMessage) {
    const Descriptor* type = place.message->GetDescriptor();
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* field = type->field(i);
      const bool is_printed =
          field->is_repeated()
              ? place.reflection().FieldSize(*place.message, field) > 0
              : place.reflection().HasField(*place.message, field);
      if (is_printed) {
        members.emplace_back(std::string(field->json_name()),
                             Place{place.message, field});
      }
    }
  } else if (StructMembers* values = struct_members(place)) {
    members.reserve(values->size());
    for (auto& [name, value] : *values)
      members.emplace_back(name, Place{&value});
  } else {
    const int size = size_of(object);
    members.reserve(size);
    for (int i = 0; i < size; ++i) {
      members.emplace_back(key_text(read_scalar(key_of(place, i))),
                           value_of(place, i));
    }
  }
  std::sort(members.begin(), members.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return members;
}

std::string no_such_member(const Descriptor& type) {
  constexpr int kMax = 16;
  std::string text = "there is no such member";
  const int count = type.field_count();
  if (count > kMax) return text;
  for (int i = 0; i < count; ++i) {
    absl::StrAppend(&text,
                    i == 0           ? ": expected "
                    : i + 1 == count ? " or "
                                     : ", ",
                    type.field(i)->json_name());
  }
  return text;
}

const FieldDescriptor* find_field(const Descriptor* type,
                                  std::string_view name) {
  for (int i = 0; i < type->field_count(); ++i) {
    if (type->field(i)->json_name() == name) return type->field(i);
  }
  return type->FindFieldByName(std::string(name));
}

absl::StatusOr<Place> append_entry(const Place& map, std::string_view name) {
  if (StructMembers* members = struct_members(map)) {
    return Place{&(*members)[std::string(name)]};
  }
  auto key = parse_key(map.field, name);
  if (!key.ok()) return key.status();
  Message* entry = map.reflection().AddMessage(map.message, map.field);
  write_scalar({entry, map.field->message_type()->map_key()}, *key);
  return Place{entry, map.field->message_type()->map_value()};
}

absl::StatusOr<Place> find(const Place& root,
                           absl::Span<const std::string> segments) {
  Place place = root;
  for (size_t i = 0; i < segments.size(); ++i) {
    auto child = find_child(place, segments[i]);
    if (!child.ok()) return at_segment(i, segments[i], child.status());
    place = *child;
  }
  return place;
}

absl::StatusOr<Place> find_to_assign(const Place& root,
                                     absl::Span<const std::string> segments) {
  if (segments.empty()) return root;
  auto parent = find(root, segments.first(segments.size() - 1));
  if (!parent.ok()) return parent;
  const Node node = look(*parent);
  if (node.kind != Node::Kind::kMessage) return find(root, segments);
  auto field = member_field(*node.place.message, segments.back());
  if (!field.ok()) {
    return at_segment(segments.size() - 1, segments.back(), field.status());
  }
  return Place{node.place.message, *field};
}

absl::StatusOr<Opening> open(const Place& root,
                             absl::Span<const std::string> segments) {
  const size_t last = segments.size() - 1;
  auto parent = find(root, segments.first(last));
  if (!parent.ok()) return parent.status();
  auto child = open_child(*parent, segments[last]);
  if (!child.ok()) return at_segment(last, segments[last], child.status());
  return child;
}

absl::Status erase(const Place& root, absl::Span<const std::string> segments) {
  const size_t last = segments.size() - 1;
  auto parent = find(root, segments.first(last));
  if (!parent.ok()) return parent.status();
  const absl::Status status = erase_child(*parent, segments[last]);
  return status.ok() ? status : at_segment(last, segments[last], status);
}

bool is_deeper_than(const Place& place, size_t levels) {
  const Node node = look(place);
  const auto exceeds = [levels](const Place& child) {
    return levels == 0 || is_deeper_than(child, levels - 1);
  };
  if (node.kind == Node::Kind::kArray) {
    const int size = size_of(node);
    for (int i = 0; i < size; ++i) {
      if (exceeds(element_of(node, i))) return true;
    }
  } else if (node.is_object()) {
    for (const auto& [name, member] : members_of(node)) {
      if (exceeds(member)) return true;
    }
  }
  return false;
}

size_t serialized_size(const Place& place) {
  // For tag and length.
  constexpr size_t kOverhead = 8;
  const auto& reflection = place.reflection();
  if (place.field == nullptr) return place.message->ByteSizeLong();
  if (place.is_whole_repeated()) {
    size_t bytes = 0;
    const int size = reflection.FieldSize(*place.message, place.field);
    for (int i = 0; i < size; ++i) {
      bytes += serialized_size({place.message, place.field, i});
    }
    return bytes;
  }
  if (place.message_type() != nullptr) {
    // Unlike message_at, this leaves an absent message absent.
    const Message& message =
        place.index < 0 ? reflection.GetMessage(*place.message, place.field)
                        : reflection.GetRepeatedMessage(
                              *place.message, place.field, place.index);
    return kOverhead + message.ByteSizeLong();
  }
  const Scalar scalar = read_scalar(place);
  const auto* text = std::get_if<std::string>(&scalar);
  return kOverhead + (text != nullptr ? text->size() : 0);
}

}  // namespace weir::patch
