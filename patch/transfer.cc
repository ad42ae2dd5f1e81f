#include "weir/patch/transfer.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <typeinfo>
#include <variant>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/message_differencer.h"
#include "weir/base/text.h"
#include "weir/patch/json_pointer.h"
#include "weir/patch/node.h"
#include "weir/patch/scalar.h"

namespace weir::patch {
namespace {

using ::google::protobuf::Any;
using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Value;

absl::Status expected(std::string_view what, const Node& found) {
  return absl::InvalidArgumentError(
      absl::StrCat("expected ", std::string(what), ", got ", describe(found)));
}

// Turns the status of a member into that of the value that holds it under
// `name`: errors give locations as JSON Pointers, "/apiStages/0/stage: ".
absl::Status at_segment(const absl::Status& status, std::string_view name) {
  constexpr size_t kMaxBytes = 64;
  std::string segment = JsonPointer({std::string(name)}).to_string();
  if (segment.size() > kMaxBytes) {
    segment.resize(kMaxBytes);
    segment += "...";
  }
  const bool has_place = absl::StartsWith(status.message(), "/");
  return internal::with_prefix(
      status, absl::StrCat(absl::CHexEscape(segment), has_place ? "" : ": "));
}

absl::StatusOr<Value> opaque_to_json(const Message& message) {
  std::string text;
  Value json;
  if (!google::protobuf::util::MessageToJsonString(message, &text).ok() ||
      !google::protobuf::util::JsonStringToMessage(text, &json).ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the ", message.GetTypeName(), " has no JSON form"));
  }
  return json;
}

absl::Status not_json_form_of(const Message& target, const Value& json) {
  Value copy = json;
  return expected(absl::StrCat("the JSON form of ", target.GetTypeName()),
                  look({&copy}));
}

// Packs the message in the JSON form of an Any. Protocol Buffers' own parser
// throws if there is an extra member.
absl::Status fill_any(Message* target, const Value& json) {
  if (!json.has_struct_value()) return not_json_form_of(*target, json);
  auto members = json.struct_value().fields();
  if (members.empty()) return absl::OkStatus();
  constexpr absl::string_view kPrefix = "type.googleapis.com/";
  const std::string url = members["@type"].string_value();
  members.erase("@type");
  const Descriptor* type =
      absl::StartsWith(url, kPrefix)
          ? target->GetDescriptor()->file()->pool()->FindMessageTypeByName(
                url.substr(kPrefix.size()))
          : nullptr;
  if (type == nullptr) return not_json_form_of(*target, json);

  google::protobuf::DynamicMessageFactory factory;
  factory.SetDelegateToGeneratedFactory(true);
  const std::unique_ptr<Message> packed(factory.GetPrototype(type)->New());
  Value content;
  if (look({packed.get()}).kind == Node::Kind::kMessage) {
    content.mutable_struct_value()->mutable_fields()->swap(members);
  } else {
    // If the JSON form is not an object of fields, it is in the member "value".
    const auto value = members.find("value");
    if (value == members.end() || members.size() > 1) {
      return not_json_form_of(*target, json);
    }
    content.Swap(&value->second);
  }
  const absl::Status status = assign({packed.get()}, {&content});
  if (!status.ok()) return status;
  const auto field = [target](int number) {
    return Place{target, target->GetDescriptor()->FindFieldByNumber(number)};
  };
  write_scalar(field(Any::kTypeUrlFieldNumber), url);
  write_scalar(field(Any::kValueFieldNumber), packed->SerializeAsString());
  return absl::OkStatus();
}

absl::Status fill_opaque(Message* target, const Place& source) {
  Value json;
  const absl::Status status = assign({&json}, source);
  if (!status.ok()) return status;
  if (target->GetDescriptor()->well_known_type() ==
      Descriptor::WELLKNOWNTYPE_ANY) {
    return fill_any(target, json);
  }
  std::string text;
  if (json.kind_case() == Value::kNullValue ||
      !google::protobuf::util::MessageToJsonString(json, &text).ok() ||
      !google::protobuf::util::JsonStringToMessage(text, target).ok()) {
    return not_json_form_of(*target, json);
  }
  return absl::OkStatus();
}

absl::Status fill_scalar(const Place& target, const Node& source) {
  const FieldDescriptor* to = target.field;
  std::optional<Scalar> scalar;
  if (source.kind == Node::Kind::kNull) {
    scalar = scalar_from_json(std::monostate(), to);
  } else if (source.kind == Node::Kind::kScalar) {
    scalar = read_scalar(source.place);
    const FieldDescriptor* from = source.place.field;
    // Copies directly between equal types: JSON has neither NaN nor enum values
    // without a name.
    const bool same_type = to->cpp_type() == from->cpp_type() &&
                           to->enum_type() == from->enum_type() &&
                           (to->type() == FieldDescriptor::TYPE_BYTES) ==
                               (from->type() == FieldDescriptor::TYPE_BYTES);
    if (!same_type) {
      scalar = scalar_from_json(scalar_to_json(*scalar, from), to);
    }
  }
  if (!scalar.has_value()) return expected(describe_type(to), source);
  write_scalar(target, *scalar);
  return absl::OkStatus();
}

absl::Status fill_array(const Place& target, const Node& source) {
  if (source.kind != Node::Kind::kArray) return expected("an array", source);
  const int size = size_of(source);
  for (int i = 0; i < size; ++i) {
    const absl::Status status =
        assign({target.message, target.field, i}, element_of(source, i));
    if (!status.ok()) {
      return at_segment(status, absl::StrCat(i));
    }
  }
  return absl::OkStatus();
}

absl::Status fill_map(const Place& target, const Node& source) {
  if (!source.is_object()) return expected("an object", source);
  for (const auto& [name, member] : members_of(source)) {
    auto place = append_entry(target, name);
    const absl::Status status =
        place.ok() ? assign(*place, member) : place.status();
    if (!status.ok()) {
      return at_segment(status, name);
    }
  }
  return absl::OkStatus();
}

absl::Status fill_message(Message* target, const Node& source) {
  if (!source.is_object()) return expected("an object", source);
  // Fields and oneofs that have a value already: a second one, under the
  // field's other name or for the oneof's other member, would silently win.
  std::set<const void*> filled;
  for (const auto& [name, member] : members_of(source)) {
    const FieldDescriptor* field = find_field(target->GetDescriptor(), name);
    absl::Status status;
    if (field == nullptr) {
      status =
          absl::InvalidArgumentError(no_such_member(*target->GetDescriptor()));
    } else if (const void* oneof = field->real_containing_oneof();
               look(member).kind != Node::Kind::kNull &&
               !filled.insert(oneof != nullptr ? oneof : field).second) {
      status =
          absl::InvalidArgumentError("the member has another value already");
    } else {
      status = assign({target, field}, member);
    }
    if (!status.ok()) {
      return at_segment(status, name);
    }
  }
  return absl::OkStatus();
}

// Gives the google.protobuf.Value `target` the kind of `source`.
absl::Status fill_value(Message* target, const Place& source) {
  const Node from = look(source);
  const auto kind = [target](int number) {
    return Place{target, target->GetDescriptor()->FindFieldByNumber(number)};
  };
  switch (from.kind) {
    case Node::Kind::kNull:
      write_scalar(kind(Value::kNullValueFieldNumber), EnumNumber{0});
      return absl::OkStatus();
    case Node::Kind::kArray:
      return assign(kind(Value::kListValueFieldNumber), source);
    case Node::Kind::kMap:
    case Node::Kind::kMessage:
      return assign(kind(Value::kStructValueFieldNumber), source);
    case Node::Kind::kOpaque:
    case Node::Kind::kScalar:
      break;
  }
  const JsonScalar json =
      scalar_to_json(read_scalar(from.place), from.place.field);
  if (const auto* flag = std::get_if<bool>(&json)) {
    write_scalar(kind(Value::kBoolValueFieldNumber), *flag);
  } else if (const auto* number = std::get_if<double>(&json)) {
    write_scalar(kind(Value::kNumberValueFieldNumber), *number);
  } else {
    write_scalar(kind(Value::kStringValueFieldNumber),
                 std::get<std::string>(json));
  }
  return absl::OkStatus();
}

// REQUIRES: the messages are of one type.
void swap(Message* a, Message* b) {
  if (typeid(*a) == typeid(Value) && typeid(*b) == typeid(Value)) {
    static_cast<Value*>(a)->Swap(static_cast<Value*>(b));  // Just faster.
  } else if (a->GetReflection() == b->GetReflection()) {
    a->GetReflection()->Swap(a, b);
  } else {
    // One of them may have generated code, and the other not.
    std::unique_ptr<Message> copy(a->New());
    copy->CopyFrom(*a);
    a->CopyFrom(*b);
    b->CopyFrom(*copy);
  }
}

bool is_type(const Place& place, Descriptor::WellKnownType type) {
  return place.message_type() != nullptr &&
         place.message_type()->well_known_type() == type;
}

// Whether null clears `target`: not if null is a value there, and not if the
// value cannot be absent.
bool is_cleared_by_null(const Place& target) {
  if (target.field == nullptr) return false;
  if (target.is_whole_repeated()) return true;
  return target.index < 0 &&
         !target.field->containing_type()->options().map_entry() &&
         !is_type(target, Descriptor::WELLKNOWNTYPE_VALUE) &&
         !is_null_value(target.field);
}

}  // namespace

absl::Status assign(const Place& target, const Place& source) {
  const Node from = look(source);
  if (from.kind == Node::Kind::kNull && is_cleared_by_null(target)) {
    target.reflection().ClearField(target.message, target.field);
    return absl::OkStatus();
  }
  const Descriptor* type = target.message_type();
  if (type != nullptr && type == source.message_type()) {
    message_at(target)->CopyFrom(*message_at(source));
    return absl::OkStatus();
  }
  if (from.kind == Node::Kind::kOpaque) {
    auto json = opaque_to_json(*from.place.message);
    if (!json.ok()) return json.status();
    return assign(target, {&*json});
  }
  if (target.is_whole_repeated()) {
    target.reflection().ClearField(target.message, target.field);
    return target.field->is_map() ? fill_map(target, from)
                                  : fill_array(target, from);
  }
  if (type == nullptr) return fill_scalar(target, from);
  Message* message = message_at(target);
  message->Clear();
  if (type->well_known_type() == Descriptor::WELLKNOWNTYPE_VALUE) {
    return fill_value(message, source);
  }
  // The kind of an empty message depends only on its type.
  const Node to = look({message});
  switch (to.kind) {
    case Node::Kind::kScalar:
      return fill_scalar(to.place, from);
    case Node::Kind::kArray:
      return fill_array(to.place, from);
    case Node::Kind::kMap:
      return fill_map(to.place, from);
    case Node::Kind::kOpaque:
      return fill_opaque(message, source);
    case Node::Kind::kMessage:
    case Node::Kind::kNull:
      break;
  }
  return fill_message(message, from);
}

absl::Status move_value(const Place& target, const Place& source) {
  const Descriptor* type = target.message_type();
  if (type == nullptr || type != source.message_type() ||
      (is_cleared_by_null(target) && look(source).kind == Node::Kind::kNull)) {
    return assign(target, source);
  }
  swap(message_at(target), message_at(source));
  return absl::OkStatus();
}

void exchange(const Place& place, const Place& scratch) {
  const auto& reflection = place.reflection();
  const bool is_field = place.field != nullptr && place.index < 0 &&
                        !place.field->containing_type()->options().map_entry();
  if (is_field) {
    reflection.SwapFields(place.message, scratch.message, {place.field});
    return;
  }
  if (place.message_type() != nullptr) {
    swap(message_at(place), message_at(scratch));
    return;
  }
  // An element past the last has no value.
  const auto read = [](const Place& from) -> std::optional<Scalar> {
    const bool exists =
        from.index < 0 ||
        from.index < from.reflection().FieldSize(*from.message, from.field);
    if (!exists) return std::nullopt;
    return read_scalar(from);
  };
  const std::optional<Scalar> before = read(place);
  if (const auto after = read(scratch)) write_scalar(place, *after);
  if (before.has_value()) write_scalar(scratch, *before);
}

bool equal(const Place& a, const Place& b) {
  const Node left = look(a);
  const Node right = look(b);
  if (left.kind != right.kind) return false;
  switch (left.kind) {
    case Node::Kind::kNull:
      return true;
    case Node::Kind::kScalar:
      return read_scalar(left.place) == read_scalar(right.place);
    case Node::Kind::kArray: {
      const int size = size_of(left);
      if (size != size_of(right)) return false;
      for (int i = 0; i < size; ++i) {
        if (!equal(element_of(left, i), element_of(right, i))) return false;
      }
      return true;
    }
    case Node::Kind::kMap:
    case Node::Kind::kMessage: {
      const auto x = members_of(left);
      const auto y = members_of(right);
      return std::equal(x.begin(), x.end(), y.begin(), y.end(),
                        [](const auto& p, const auto& q) {
                          return p.first == q.first &&
                                 equal(p.second, q.second);
                        });
    }
    case Node::Kind::kOpaque:
      break;
  }
  return google::protobuf::util::MessageDifferencer::Equals(
      *left.place.message, *right.place.message);
}

Scratch::Scratch(const Place& model)
    : holder_(model.message->New()),
      place_{holder_.get(), model.field, model.index < 0 ? -1 : 0} {}

}  // namespace weir::patch
