#include "weir/management/request_bodies.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/struct.pb.h"
#include "weir/base/text.h"
#include "weir/json/json_reader.h"
#include "weir/plan/plan_json.h"

namespace weir {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

// Reads the members of an object. Its status is the first error.
class MemberReader {
 public:
  // `path` is the object's location, "" for the whole body.
  MemberReader(const Value& object, std::string path)
      : object_(object.struct_value()), path_(std::move(path)) {
    if (!object.has_struct_value()) fail(path_, "expected an object");
  }

  absl::Status status() const { return status_; }

  // Allows only these members.
  MemberReader& allow(std::initializer_list<std::string_view> names) {
    for (const auto& [name, value] : object_.fields()) {
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        fail(absl::StrCat(path_, "/", internal::excerpt(name)),
             "unknown member");
      }
    }
    return *this;
  }

  std::string text(const std::string& name) {
    const Value* value = find(name);
    if (value == nullptr) return "";
    if (!value->has_string_value()) fail(path_of(name), "expected a string");
    return value->string_value();
  }

  // API Gateway's clients send booleans, but its patches send text.
  bool boolean(const std::string& name) {
    const Value* value = find(name);
    if (value == nullptr || value->has_bool_value()) {
      return value != nullptr && value->bool_value();
    }
    const absl::string_view text = value->string_value();
    const bool is_true = absl::EqualsIgnoreCase(text, "true");
    if (!is_true && !absl::EqualsIgnoreCase(text, "false")) {
      fail(path_of(name), "expected true or false");
    }
    return is_true;
  }

  // Calls `visit(element, path)`.
  template <class Visit>
  void each(const std::string& name, Visit visit) {
    const Value* value = find(name);
    if (value == nullptr) return;
    if (!value->has_list_value()) fail(path_of(name), "expected an array");
    for (int i = 0; i < value->list_value().values_size(); ++i) {
      visit(value->list_value().values(i), absl::StrCat(path_of(name), "/", i));
    }
  }

  // Calls `visit(name, text)`.
  template <class Visit>
  void each_text(const std::string& name, Visit visit) {
    const Value* value = find(name);
    if (value == nullptr) return;
    if (!value->has_struct_value()) fail(path_of(name), "expected an object");
    for (const auto& [key, member] : value->struct_value().fields()) {
      if (!member.has_string_value()) {
        fail(absl::StrCat(path_of(name), "/", internal::excerpt(key)),
             "expected a string");
      }
      visit(key, member.string_value());
    }
  }

  void fail(const std::string& path, std::string_view what) {
    adopt(absl::InvalidArgumentError(absl::StrCat(
        path.empty() ? "request body" : path, ": ", internal::to_absl(what))));
  }
  void adopt(absl::Status status) {
    if (status_.ok()) status_ = std::move(status);
  }

  std::string path_of(const std::string& name) const {
    return absl::StrCat(path_, "/", name);
  }

 private:
  const Value* find(const std::string& name) const {
    const auto it = object_.fields().find(name);
    return it == object_.fields().end() || it->second.has_null_value()
               ? nullptr
               : &it->second;
  }

  const Struct& object_;
  const std::string path_;
  absl::Status status_;
};

absl::StatusOr<Value> parse_body(std::string_view json) {
  return parse_json(json.empty() ? "{}" : json);
}

absl::StatusOr<v1::ApiKey> api_key_from_value(const Value& value,
                                              const std::string& path) {
  MemberReader reader(value, path);
  reader.allow({"name", "description", "enabled", "generateDistinctId", "value",
                "stageKeys", "customerId", "tags"});
  v1::ApiKey key;
  key.set_name(reader.text("name"));
  key.set_description(reader.text("description"));
  key.set_enabled(reader.boolean("enabled"));
  key.set_value(reader.text("value"));
  key.set_customer_id(reader.text("customerId"));
  reader.boolean("generateDistinctId");
  reader.each("stageKeys", [&](const Value& element, const std::string& path) {
    MemberReader stage(element, path);
    stage.allow({"restApiId", "stageName"});
    key.add_stage_keys(
        absl::StrCat(stage.text("restApiId"), "/", stage.text("stageName")));
    reader.adopt(stage.status());
  });
  reader.each_text("tags",
                   [&](const std::string& name, const std::string& value) {
                     (*key.mutable_tags())[name] = value;
                   });
  if (!reader.status().ok()) return reader.status();
  return key;
}

}  // namespace

absl::StatusOr<v1::ApiKey> api_key_from_json(std::string_view json) {
  const auto body = parse_body(json);
  if (!body.ok()) return body.status();
  return api_key_from_value(*body, "");
}

absl::StatusOr<std::vector<v1::ApiKey>> api_keys_from_json(
    std::string_view json) {
  const auto body = parse_json(json);
  if (!body.ok()) return body.status();
  if (!body->has_list_value()) {
    return absl::InvalidArgumentError("expected an array of API keys");
  }
  std::vector<v1::ApiKey> keys;
  for (const Value& value : body->list_value().values()) {
    auto key = api_key_from_value(value, absl::StrCat("/", keys.size()));
    if (!key.ok()) return key.status();
    keys.push_back(*std::move(key));
  }
  return keys;
}

absl::StatusOr<std::string> plan_key_from_json(std::string_view json) {
  const auto body = parse_body(json);
  if (!body.ok()) return body.status();
  MemberReader reader(*body, "");
  reader.allow({"keyId", "keyType"});
  std::string id = reader.text("keyId");
  if (reader.text("keyType") != "API_KEY") {
    reader.fail(reader.path_of("keyType"), "expected API_KEY");
  }
  if (!reader.status().ok()) return reader.status();
  return id;
}

absl::StatusOr<TagChanges> tags_from_json(std::string_view json) {
  const auto body = parse_body(json);
  if (!body.ok()) return body.status();
  MemberReader reader(*body, "");
  reader.allow({"tags"});
  TagChanges changes;
  reader.each_text("tags",
                   [&](const std::string& name, const std::string& value) {
                     changes.set[name] = value;
                   });
  if (!reader.status().ok()) return reader.status();
  return changes;
}

absl::StatusOr<std::vector<v1::PatchOperation>> operations_from_json(
    std::string_view json) {
  if (json.empty() || json == "{}") return std::vector<v1::PatchOperation>();
  return patch_operations_from_json(json);
}

}  // namespace weir
