// Random patches of random documents, in this implementation of RFC 6902 and in
// another, nlohmann::json. Both must succeed with equal documents, or both must
// fail, except for the cases in kDeviations.
//
// WEIR_TEST_SEED gives another seed, WEIR_TEST_STEPS another number of
// operations.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "gtest/gtest.h"
#include "weir/patch/json_patch.h"
#include "weir/patch/testing/test_json.h"
#include "weir/proto/patch_operation.pb.h"

namespace weir::patch {
namespace {

// Where nlohmann::json asserts its preconditions, it would otherwise run into
// undefined behavior: this test counts that as a failure.
[[noreturn]] void fail_assertion(const char* condition) {
  throw std::logic_error(condition);
}

}  // namespace
}  // namespace weir::patch

#define JSON_ASSERT(condition) \
  ((condition) ? void() : weir::patch::fail_assertion(#condition))
#include "nlohmann/json.hpp"

namespace weir::patch {
namespace {

using ::google::protobuf::Value;
using ::nlohmann::json;
using Patch = std::vector<v1::PatchOperation>;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

// JSON has one kind of number, nlohmann::json three: whole numbers become
// integers or, like the others, floating point.
json to_nlohmann(const Value& value, bool integers) {
  switch (value.kind_case()) {
    case Value::kBoolValue:
      return value.bool_value();
    case Value::kNumberValue: {
      const double number = value.number_value();
      if (integers && std::abs(number) < 1e15 && number == std::trunc(number)) {
        return static_cast<std::int64_t>(number);
      }
      return number;
    }
    case Value::kStringValue:
      return value.string_value();
    case Value::kListValue: {
      json array = json::array();
      for (const Value& element : value.list_value().values()) {
        array.push_back(to_nlohmann(element, integers));
      }
      return array;
    }
    case Value::kStructValue: {
      json object = json::object();
      for (const auto& [name, member] : value.struct_value().fields()) {
        object[name] = to_nlohmann(member, integers);
      }
      return object;
    }
    default:
      return nullptr;
  }
}

json to_nlohmann(const v1::PatchOperation& operation) {
  json object = {{"op", operation.op()},
                 {"path", operation.path()},
                 {"from", operation.from()}};
  if (operation.has_value())
    object["value"] = to_nlohmann(operation.value(), true);
  return object;
}

bool equal(const Value& ours, const json& theirs) {
  switch (ours.kind_case()) {
    case Value::kBoolValue:
      return theirs.is_boolean() && theirs.get<bool>() == ours.bool_value();
    case Value::kNumberValue:
      return theirs.is_number() && theirs.get<double>() == ours.number_value();
    case Value::kStringValue:
      return theirs.is_string() &&
             theirs.get_ref<const std::string&>() == ours.string_value();
    case Value::kListValue: {
      const auto& values = ours.list_value().values();
      return theirs.is_array() &&
             std::equal(values.begin(), values.end(), theirs.begin(),
                        theirs.end(), equal);
    }
    case Value::kStructValue: {
      const auto& fields = ours.struct_value().fields();
      return theirs.is_object() && theirs.size() == fields.size() &&
             std::all_of(fields.begin(), fields.end(), [&](const auto& field) {
               const auto found = theirs.find(field.first);
               return found != theirs.end() && equal(field.second, *found);
             });
    }
    default:
      return theirs.is_null();
  }
}

// The resulting document; nullopt if the other implementation refuses.
std::optional<json> patched(const json& document, const json& patch) {
  try {
    return document.patch(patch);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

// The value at a pointer; null if there is none.
const json* at(const json& document, const std::string& pointer) {
  try {
    return &document.at(json::json_pointer(pointer));
  } catch (const std::exception&) {
    return nullptr;
  }
}

// The parent of the value at the operation's path.
const json* parent(const json& document, const json& operation) {
  const auto& path = operation["path"].get_ref<const std::string&>();
  const size_t last = path.rfind('/');
  return last == std::string::npos ? nullptr
                                   : at(document, path.substr(0, last));
}

bool is_scalar(const json* value) {
  return value != nullptr && !value->is_structured();
}

// An operation for which the other implementation deviates from RFC 6902.
struct Deviation {
  const char* name;
  const char* section;  // The section of RFC 6902, and its relevant sentence.
  // A minimal example, and the result by RFC 6902: a document, or null if it is
  // an error.
  const char* document;
  const char* operation;
  const char* result;
  // Whether an operation may be of this kind.
  bool (*applies)(const json& document, const json& operation);
};

const Deviation kDeviations[] = {
    {"a member is added to null, which becomes an object",
     "4.1: a member to add to an existing object", "null",
     R"({"op":"add","path":"/a","value":1})", nullptr,
     [](const json& document, const json& operation) {
       const json* target = parent(document, operation);
       return (operation["op"] == "add" || operation["op"] == "copy") &&
              target != nullptr && target->is_null();
     }},
    {"a value is moved below null, which becomes an object",
     "4.4: identical to a remove and an add", R"({"a":1,"b":null})",
     R"({"op":"move","from":"/a","path":"/b/c"})", nullptr,
     [](const json& document, const json& operation) {
       if (operation["op"] != "move") return false;
       const auto without =
           patched(document, {{{"op", "remove"}, {"path", operation["from"]}}});
       if (!without.has_value()) return false;
       const json* target = parent(*without, operation);
       return target != nullptr && target->is_null();
     }},
    {"a member of a scalar is removed: nothing happens",
     "4.2: the target location must exist", "5",
     R"({"op":"remove","path":"/a"})", nullptr,
     [](const json& document, const json& operation) {
       return operation["op"] == "remove" &&
              is_scalar(parent(document, operation));
     }},
    {"an element is moved into itself: into the element that takes its place",
     "4.4: from must not be a proper prefix of path", "[{},{}]",
     R"({"op":"move","from":"/0","path":"/0/a"})", nullptr,
     [](const json& document, const json& operation) {
       return operation["op"] == "move" &&
              at(document, operation["from"]) != nullptr &&
              absl::StartsWith(
                  operation["path"].get_ref<const std::string&>(),
                  operation["from"].get_ref<const std::string&>() + "/");
     }},
    {"the document is moved to itself: refused",
     "4.4: only a proper prefix is forbidden", "[1]",
     R"({"op":"move","from":"","path":""})", "[1]",
     [](const json&, const json& operation) {
       return operation["op"] == "move" && operation["from"] == "" &&
              operation["path"] == "";
     }},
};

TEST(Deviations, AreWhatTheTableSays) {
  for (const Deviation& deviation : kDeviations) {
    SCOPED_TRACE(deviation.name);
    const std::string patch = absl::StrCat("[", deviation.operation, "]");
    Value ours = from_json(deviation.document);
    const absl::Status status = apply_json_patch(operations(patch), &ours);
    EXPECT_EQ(status.ok(), deviation.result != nullptr) << status;
    EXPECT_EQ(bytes(ours), bytes(from_json(deviation.result != nullptr
                                               ? deviation.result
                                               : deviation.document)));
    const json document = json::parse(deviation.document);
    EXPECT_NE(patched(document, json::parse(patch)).has_value(), status.ok());
    EXPECT_TRUE(deviation.applies(document, json::parse(deviation.operation)));
  }
}

// The result of a patch by RFC 6902: that of nlohmann::json, corrected.
class Oracle {
 public:
  std::optional<json> apply(const json& document, const Patch& patch) {
    json result = document;
    for (const v1::PatchOperation& each : patch) {
      auto next = apply(result, to_nlohmann(each));
      if (!next.has_value()) return std::nullopt;
      result = *std::move(next);
    }
    return result;
  }

  // How often a row of the table was needed.
  const std::map<std::string, int>& corrections() const { return corrections_; }

 private:
  std::optional<json> apply(const json& document, const json& operation) {
    for (const Deviation& deviation : kDeviations) {
      if (!deviation.applies(document, operation)) continue;
      ++corrections_[deviation.name];
      // The case that is not an error changes nothing.
      if (deviation.result == nullptr) return std::nullopt;
      return std::optional<json>(std::in_place, document);
    }
    return patched(document, json::array({operation}));
  }

  std::map<std::string, int> corrections_;
};

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  int below(int n) {
    return std::uniform_int_distribution<>(0, n - 1)(random_);
  }

  template <typename Choices>
  const auto& one_of(const Choices& choices) {
    return choices[below(static_cast<int>(std::size(choices)))];
  }

  Value value(int depth) {
    Value value;
    const int kind = below(depth > 0 ? 12 : 6);
    if (kind == 0) {
      value.set_null_value(google::protobuf::NULL_VALUE);
    } else if (kind == 1) {
      value.set_bool_value(below(2) == 0);
    } else if (kind < 4) {
      value.set_number_value(number());
    } else if (kind < 6) {
      value.set_string_value(name());
    } else if (kind < 9) {
      value.mutable_list_value();
      for (int i = below(4); i > 0; --i) {
        *value.mutable_list_value()->add_values() = this->value(depth - 1);
      }
    } else {
      value.mutable_struct_value();
      for (int i = below(4); i > 0; --i) {
        (*value.mutable_struct_value()->mutable_fields())[name()] =
            this->value(depth - 1);
      }
    }
    return value;
  }

  // An operation that may apply to a document with these locations, or a
  // similar one.
  v1::PatchOperation operation(const std::vector<Location>& locations) {
    static constexpr const char* kOps[] = {"add",     "add",  "add",  "remove",
                                           "replace", "move", "move", "copy",
                                           "copy",    "test", "test"};
    v1::PatchOperation operation;
    operation.set_op(below(100) == 0 ? "Add" : one_of(kOps));
    operation.set_path(pointer(locations));
    operation.set_from(pointer(locations));
    if (operation.op() == "move" && below(8) == 0) {
      // Into itself, or to itself.
      operation.set_path(operation.from() + (below(3) > 0 ? token() : ""));
    }
    if (below(30) == 0) return operation;
    *operation.mutable_value() = value(below(3));
    if (operation.op() == "test" && below(3) > 0) {
      const Location& location = one_of(locations);
      operation.set_path(location.pointer);
      *operation.mutable_value() = location.value;
      if (below(4) == 0) perturb(operation.mutable_value());
    }
    return operation;
  }

 private:
  double number() {
    static constexpr double kNumbers[] = {
        0, -0.0, 1, 2, -1, 0.5, 10, 1e-300, 9007199254740993.0, -1e300};
    return one_of(kNumbers);
  }

  std::string name() {
    static const std::string kNames[] = {
        "a", "b", "",   "0",   "1",   "-",        "01",
        "/", "~", "~1", "a/b", "~0/", "\xC3\xA9", std::string("\0", 1)};
    return one_of(kNames);
  }

  // One more token: a name, an index in one of its forms, an escape.
  std::string token() {
    static const std::string kTokens[] = {
        "/a",   "/b",   "/",   "/0",   "/1",   "/2",
        "/3",   "/-",   "/01", "/-1",  "/+1",  "/ 1",
        "/1e0", "/1.0", "/00", "/~0",  "/~1",  "/~01",
        "/~",   "/~2",  "a",   "/a~",  "/--",  "/18446744073709551615",
        "/é",   "//",   "/1 ", "/0/a", "/-/0", "/18446744073709551616"};
    return one_of(kTokens);
  }

  // Usually exists, and is usually well-formed.
  std::string pointer(const std::vector<Location>& locations) {
    std::string pointer = one_of(locations).pointer;
    const int kind = below(10);
    if (kind < 3) {
      pointer += token();
    } else if (kind == 3) {
      // A neighbor: past the end, the dash, or another name.
      pointer = pointer.substr(0, pointer.rfind('/')) + token();
    }
    if (below(100) == 0 && !pointer.empty()) pointer.erase(0, 1);
    return pointer;
  }

  // A similar value, usually not equal.
  void perturb(Value* value) {
    if (value->has_list_value() && value->list_value().values_size() > 0) {
      auto* values = value->mutable_list_value()->mutable_values();
      if (below(2) == 0) {
        values->RemoveLast();
      } else {
        values->SwapElements(0, values->size() - 1);
      }
    } else if (value->has_struct_value()) {
      (*value->mutable_struct_value()->mutable_fields())[name()] =
          this->value(0);
    } else {
      *value = this->value(0);
    }
  }

  std::mt19937_64 random_;
};

std::string describe(const Patch& patch) {
  std::string text;
  for (const v1::PatchOperation& operation : patch) {
    absl::StrAppend(&text, to_nlohmann(operation).dump(), "\n");
  }
  return text;
}

TEST(Differential, PatchesDoWhatTheyDoElsewhere) {
  const std::uint64_t seed = from_environment("WEIR_TEST_SEED", 6902);
  const std::uint64_t steps = from_environment("WEIR_TEST_STEPS", 40000);
  Generator generator(seed);
  Oracle oracle;
  Value document;
  json other;
  std::uint64_t applied = 0;
  std::uint64_t refused = 0;
  for (std::uint64_t step = 0; step < steps;) {
    const std::uint64_t patches = applied + refused;
    if (patches % 50 == 0 || document.ByteSizeLong() > 500) {
      document = generator.value(4);
      other = to_nlohmann(document, false);
    }
    // Long patches rarely succeed.
    const std::vector<Location> locations = locations_of(document);
    Patch patch;
    for (int i = 1 + generator.below(2) * generator.below(4); i > 0; --i) {
      patch.push_back(generator.operation(locations));
    }
    step += patch.size();
    const json before = other;
    auto wanted = oracle.apply(other, patch);
    const absl::Status status = apply_json_patch(patch, &document);
    ++(status.ok() ? applied : refused);
    if (wanted.has_value()) other = *std::move(wanted);
    ASSERT_TRUE(status.ok() == wanted.has_value() && equal(document, other))
        << "seed " << seed << ", patch " << patches << "\n"
        << before.dump() << "\n"
        << describe(patch) << "here: " << status << "\n"
        << document.ShortDebugString()
        << "\nthere: " << (wanted.has_value() ? other.dump() : "refused");
  }
  // Neither is a rare case.
  EXPECT_GT(applied, refused / 4);
  EXPECT_GT(refused, applied / 4);
  EXPECT_EQ(oracle.corrections().size(), std::size(kDeviations));
}

}  // namespace
}  // namespace weir::patch
