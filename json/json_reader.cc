#include "weir/json/json_reader.h"

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "weir/json/json_parser.h"

namespace weir {
namespace {

// See JsonParser.
struct ValueTree {
  using Value = google::protobuf::Value;

  void place(Value*, std::size_t) {}
  void null(Value* value) {
    value->set_null_value(google::protobuf::NULL_VALUE);
  }
  void boolean(Value* value, bool flag) { value->set_bool_value(flag); }
  void number(Value* value, double number, std::string_view) {
    value->set_number_value(number);
  }
  std::string* text(Value* value) { return value->mutable_string_value(); }

  class Array {
   public:
    explicit Array(Value* value) : list_(value->mutable_list_value()) {}
    Value* add() { return list_->add_values(); }

   private:
    google::protobuf::ListValue* const list_;
  };

  class Object {
   public:
    explicit Object(Value* value)
        : members_(value->mutable_struct_value()->mutable_fields()) {}
    Value* add(const std::string& name) {
      return members_->contains(name) ? nullptr : &(*members_)[name];
    }

   private:
    google::protobuf::Map<std::string, Value>* const members_;
  };
};

}  // namespace

absl::StatusOr<google::protobuf::Value> parse_json(std::string_view text) {
  if (text.size() > kMaxJsonBytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "JSON of ", text.size(), " bytes, more than ", kMaxJsonBytes));
  }
  ValueTree tree;
  google::protobuf::Value value;
  const absl::Status status =
      JsonParser<ValueTree>(text, tree, JsonLimits()).parse(&value);
  if (!status.ok()) return status;
  return value;
}

}  // namespace weir
