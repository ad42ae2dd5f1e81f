#include "weir/patch/json_diff.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/struct.pb.h"
#include "gtest/gtest.h"
#include "weir/patch/json_patch.h"
#include "weir/patch/node.h"
#include "weir/patch/place.h"
#include "weir/patch/scalar.h"
#include "weir/patch/testdata/every_field.pb.h"
#include "weir/patch/testing/test_json.h"
#include "weir/proto/patch_operation.pb.h"

namespace weir::patch {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::ListValue;
using ::google::protobuf::Message;
using ::google::protobuf::Struct;
using ::google::protobuf::Value;
using patch_test::Everything;
using patch_test::OldEverything;
using Patch = std::vector<v1::PatchOperation>;

// Patches from a diff may be larger than untrusted ones.
PatchLimits no_limits() {
  PatchLimits limits;
  limits.max_operations = limits.max_pointer_bytes = limits.max_depth =
      limits.max_document_bytes = std::numeric_limits<int>::max();
  return limits;
}

std::string describe(const Patch& patch) {
  std::string text;
  for (const v1::PatchOperation& operation : patch) {
    absl::StrAppend(&text, operation.op(), " ", operation.path());
    if (operation.has_value()) {
      absl::StrAppend(&text, " ", operation.value().ShortDebugString());
    }
    absl::StrAppend(&text, "\n");
  }
  return text;
}

// Checks that the diff turns `before` into `after`, and returns it.
Patch diff(const Message& before, const Message& after) {
  const auto patch = json_diff(before, after);
  EXPECT_TRUE(patch.ok()) << patch.status();
  if (!patch.ok()) return {};
  std::unique_ptr<Message> patched(before.New());
  patched->CopyFrom(before);
  const absl::Status status =
      apply_json_patch(*patch, patched.get(), no_limits());
  EXPECT_TRUE(status.ok()) << status << "\n" << describe(*patch);
  EXPECT_EQ(bytes(*patched), bytes(after)) << describe(*patch) << "left\n"
                                           << patched->DebugString() << "of\n"
                                           << before.DebugString() << "not\n"
                                           << after.DebugString();
  return *patch;
}

// Checks that the diff is `expected`, an array of operations.
template <typename T = Value>
void expect_diff(const std::string& before, const std::string& after,
                 const std::string& expected) {
  SCOPED_TRACE(absl::StrCat(before, " -> ", after));
  EXPECT_EQ(describe(diff(from_json<T>(before), from_json<T>(after))),
            describe(operations(expected)));
}

std::string error(const Message& before, const Message& after) {
  const auto patch = json_diff(before, after);
  EXPECT_EQ(patch.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(patch.status().message());
}

// -- Free JSON --

TEST(JsonDiff, OfEqualsIsEmpty) {
  for (const char* json :
       {"null", "0", "\"\"", "[]", "{}", R"([1,{"a":[null]}])"}) {
    expect_diff(json, json, "[]");
  }
}

TEST(JsonDiff, ReplacesTheRoot) {
  expect_diff("1", "2", R"([{"op":"replace","path":"","value":2}])");
  expect_diff("null", "{}", R"([{"op":"replace","path":"","value":{}}])");
  expect_diff("[]", "{}", R"([{"op":"replace","path":"","value":{}}])");
  expect_diff("[1]", "null", R"([{"op":"replace","path":"","value":null}])");
  expect_diff("1", "\"1\"", R"([{"op":"replace","path":"","value":"1"}])");
  expect_diff("0", "false", R"([{"op":"replace","path":"","value":false}])");
}

TEST(JsonDiff, NamesMembersInOrder) {
  expect_diff(R"({"d":1,"b":2,"a/b":[7,8,9],"~":0})",
              R"({"c":null,"b":3,"a/b":[7,8,9,10],"":"more of it"})",
              R"([{"op":"add","path":"/","value":"more of it"},
                  {"op":"add","path":"/a~1b/3","value":10},
                  {"op":"replace","path":"/b","value":3},
                  {"op":"add","path":"/c","value":null},
                  {"op":"remove","path":"/d"},
                  {"op":"remove","path":"/~0"}])");
  expect_diff(R"({"a":null})", R"({"a":0})",
              R"([{"op":"replace","path":"/a","value":0}])");
}

TEST(JsonDiff, AlignsArrays) {
  const std::string array = R"(["one","two","three","four","five"])";
  expect_diff(array, R"(["two","three","four","five"])",
              R"([{"op":"remove","path":"/0"}])");
  expect_diff(array, R"(["one","two","three","four","five","six"])",
              R"([{"op":"add","path":"/5","value":"six"}])");
  expect_diff(array, R"(["zero","one","two","3","four"])",
              R"([{"op":"add","path":"/0","value":"zero"},
                  {"op":"replace","path":"/3","value":"3"},
                  {"op":"remove","path":"/5"}])");
  expect_diff("[1,1,1,1,1,1]", "[1,1,1,1]",
              R"([{"op":"remove","path":"/4"},{"op":"remove","path":"/4"}])");
  expect_diff(R"([[],[],[],[],["a long string"],[]])",
              R"([[],[],[],["a long string"],[]])",
              R"([{"op":"remove","path":"/3"}])");
}

TEST(JsonDiff, ChangesElementsWithin) {
  expect_diff(
      R"([{"id":"a1","size":1,"colour":"green"},{"id":"a2","size":2}])",
      R"(["new",{"id":"a1","size":1,"colour":"red"},{"id":"a2","size":2}])",
      R"([{"op":"replace","path":"/0","value":"new"},
          {"op":"add","path":"/1",
           "value":{"id":"a1","size":1,"colour":"red"}}])");
  expect_diff(
      R"([{"id":"a1","size":1,"colour":"green"},{"id":"a2","size":2}])",
      R"([{"id":"a1","size":1,"colour":"red"},{"id":"a2","size":2}, 0])",
      R"([{"op":"replace","path":"/0/colour","value":"red"},
          {"op":"add","path":"/2","value":0}])");
}

TEST(JsonDiff, ReplacesWhatHasChangedMoreThanNot) {
  expect_diff(R"({"a":{"b":1,"c":2,"d":3}})", R"({"a":{"e":4}})",
              R"([{"op":"replace","path":"/a","value":{"e":4}}])");
}

TEST(JsonDiff, ReadsStructAndListValue) {
  expect_diff<Struct>(R"({"a":[]})", R"({"a":[[]]})",
                      R"([{"op":"add","path":"/a/0","value":[]}])");
  expect_diff<ListValue>("[1]", "[]", R"([{"op":"remove","path":"/0"}])");
  expect_diff<ListValue>("[]", "[null]",
                         R"([{"op":"add","path":"/0","value":null}])");
}

// -- Typed messages --

void expect_typed_diff(const std::string& before, const std::string& after,
                       const std::string& expected) {
  expect_diff<Everything>(before, after, expected);
}

TEST(JsonDiff, WritesProto3Json) {
  expect_typed_diff("{}", R"({"anInt64":"9223372036854775807"})",
                    R"([{"op":"add","path":"/anInt64",
                         "value":"9223372036854775807"}])");
  expect_typed_diff("{}", R"({"aBytes":"AP8="})",
                    R"([{"op":"add","path":"/aBytes","value":"AP8="}])");
  expect_typed_diff(R"({"colour":"RED"})", R"({"colour":"GREEN"})",
                    R"([{"op":"replace","path":"/colour","value":"GREEN"}])");
  expect_typed_diff("{}", R"({"renamed":1})",
                    R"([{"op":"add","path":"/renamed","value":1}])");
  expect_typed_diff(R"({"timestamp":"2024-02-29T00:00:00Z"})",
                    R"({"timestamp":"2024-03-01T00:00:00.500Z"})",
                    R"([{"op":"replace","path":"/timestamp",
                         "value":"2024-03-01T00:00:00.500Z"}])");
  expect_typed_diff("{}", R"({"child":{"fieldMask":"aBool,child.aBool"}})",
                    R"([{"op":"add","path":"/child",
                         "value":{"fieldMask":"aBool,child.aBool"}}])");
  expect_typed_diff(
      R"({"any":{"@type":"type.googleapis.com/weir.patch_test.OldEverything","anInt64":"1"}})",
      R"({"any":{"@type":"type.googleapis.com/weir.patch_test.OldEverything","anInt64":"2"}})",
      R"([{"op":"replace","path":"/any","value":
           {"@type":"type.googleapis.com/weir.patch_test.OldEverything","anInt64":"2"}}])");
}

TEST(JsonDiff, KeepsPresence) {
  const std::string zero = R"({"maybeInt64":"0"})";
  expect_typed_diff("{}", zero,
                    R"([{"op":"add","path":"/maybeInt64","value":"0"}])");
  expect_typed_diff(zero, "{}", R"([{"op":"remove","path":"/maybeInt64"}])");
  expect_typed_diff("{}", R"({"boxedBool":false})",
                    R"([{"op":"add","path":"/boxedBool","value":false}])");
  expect_typed_diff(R"({"boxedInt64":"1"})", R"({"boxedInt64":"0"})",
                    R"([{"op":"replace","path":"/boxedInt64","value":"0"}])");
  expect_typed_diff(R"({"boxedString":""})", "{}",
                    R"([{"op":"remove","path":"/boxedString"}])");
  expect_typed_diff("{}", R"({"child":{}})",
                    R"([{"op":"add","path":"/child","value":{}}])");
  expect_typed_diff("{}", R"({"struct":{}})",
                    R"([{"op":"add","path":"/struct","value":{}}])");
  expect_typed_diff(R"({"anInt32":5})", R"({"anInt32":0})",
                    R"([{"op":"remove","path":"/anInt32"}])");
}

TEST(JsonDiff, TellsNullFromAbsence) {
  expect_typed_diff("{}", R"({"value":null})",
                    R"([{"op":"add","path":"/value","value":null}])");
  expect_typed_diff(R"({"value":null})", "{}",
                    R"([{"op":"remove","path":"/value"}])");
  expect_typed_diff(R"({"value":1})", R"({"value":null})",
                    R"([{"op":"replace","path":"/value","value":null}])");
  expect_typed_diff(R"({"values":[1,null]})", R"({"values":[1,null,null]})",
                    R"([{"op":"add","path":"/values/2","value":null}])");
  expect_typed_diff(R"({"valueMap":{"a":null}})", R"({"valueMap":{"b":null}})",
                    R"([{"op":"replace","path":"/valueMap",
                         "value":{"b":null}}])");
}

TEST(JsonDiff, SwitchesOneofs) {
  expect_typed_diff(R"({"chosenString":"a"})", R"({"chosenInt64":"0"})",
                    R"([{"op":"add","path":"/chosenInt64","value":"0"}])");
  expect_typed_diff(R"({"chosenInt64":"0"})", R"({"chosenString":""})",
                    R"([{"op":"add","path":"/chosenString","value":""}])");
  expect_typed_diff(R"({"chosenChild":{}})", "{}",
                    R"([{"op":"remove","path":"/chosenChild"}])");
  expect_typed_diff(R"({"chosenChild":{"aBool":true}})",
                    R"({"chosenChild":{}})",
                    R"([{"op":"remove","path":"/chosenChild/aBool"}])");
}

TEST(JsonDiff, NamesKeysOfEveryType) {
  expect_typed_diff(R"({"stringMap":{"a/b":"1","":"2","same":"as before"}})",
                    R"({"stringMap":{"a/b":"3","same":"as before"}})",
                    R"([{"op":"remove","path":"/stringMap/"},
                        {"op":"replace","path":"/stringMap/a~1b",
                         "value":"3"}])");
  expect_typed_diff(R"({"childMap":{"-7":{}}})",
                    R"({"childMap":{"-7":{"aBool":true}}})",
                    R"([{"op":"add","path":"/childMap/-7/aBool",
                         "value":true}])");
  expect_typed_diff(R"({"boolMap":{"true":"1"}})",
                    R"({"boolMap":{"true":"1","false":"0"}})",
                    R"([{"op":"add","path":"/boolMap/false","value":"0"}])");
  expect_typed_diff(
      R"({"colourMap":{"18446744073709551615":"RED"}})",
      R"({"colourMap":{"18446744073709551615":"GREEN"}})",
      R"([{"op":"replace","path":"/colourMap/18446744073709551615",
           "value":"GREEN"}])");
}

TEST(JsonDiff, EmptiesWithRemove) {
  expect_typed_diff(R"({"int64s":["1","2"],"boolMap":{"true":"1"}})", "{}",
                    R"([{"op":"replace","path":"","value":{}}])");
  expect_typed_diff(R"({"int64s":["1","2"],"aBool":true,"aString":"long..."})",
                    R"({"aBool":true,"aString":"long..."})",
                    R"([{"op":"remove","path":"/int64s"}])");
}

// -- What JSON cannot hold --

TEST(JsonDiff, RefusesTwoTypes) {
  EXPECT_EQ(error(Everything(), Value()),
            "expected two messages of one type, got weir.patch_test.Everything "
            "and google.protobuf.Value");
}

TEST(JsonDiff, RefusesWhatDoesNotReadBack) {
  const Everything before = from_json<Everything>(R"({"aString":"a"})");
  Everything after = before;
  after.set_a_double(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(error(before, after),
            "\"/aDouble\": expected a finite number, got string \"NaN\"");

  after = before;
  after.mutable_child()->add_doubles(-std::numeric_limits<double>::infinity());
  EXPECT_EQ(error(before, after),
            "\"/child\": /doubles/0: expected a finite "
            "number, got string \"-Infinity\"");

  after = before;
  after.mutable_value()->set_number_value(
      std::numeric_limits<double>::infinity());
  EXPECT_EQ(error(before, after), "\"/value\": JSON cannot hold the value");

  after = before;
  after.add_colours(static_cast<patch_test::Colour>(77));
  EXPECT_EQ(error(before, after),
            "\"/colours\": /0: expected one of RED, GREEN, got number 77");

  after = before;
  after.set_a_string("\xff");
  EXPECT_EQ(error(before, after), "\"/aString\": JSON cannot hold the value");

  after = before;
  (*after.mutable_string_map())["\xff"] = "a";
  EXPECT_EQ(error(before, after), "\"/stringMap\": JSON cannot hold the value");
  (*after.mutable_string_map())["b"] = std::string(100, 'b');
  Everything without = after;
  without.mutable_string_map()->erase("\xff");
  EXPECT_EQ(error(without, after),
            "\"/stringMap/\\xff\": the path is not UTF-8");

  after = before;
  after.mutable_any()->set_type_url("example/of.NoKnownType");
  EXPECT_EQ(error(before, after),
            "\"/any\": expected the JSON form of google.protobuf.Any, got an "
            "object");

  after = before;
  after.mutable_timestamp()->set_seconds(int64_t{1} << 40);
  EXPECT_EQ(error(before, after),
            "\"/timestamp\": the google.protobuf.Timestamp has no JSON form");

  after = before;
  after.mutable_field_mask()->add_paths("no_1_such.camelCase");
  EXPECT_EQ(error(before, after).substr(0, 14), "\"/fieldMask\": ");
}

TEST(JsonDiff, DoesNotMindWhatBothHave) {
  Everything before;
  before.set_colour(static_cast<patch_test::Colour>(77));
  before.set_a_double(std::numeric_limits<double>::infinity());
  before.set_a_string("\xff");
  before.mutable_any()->set_type_url("example/of.NoKnownType");
  (*before.mutable_string_map())["\xff"] = "\xff";
  before.add_doubles(std::numeric_limits<double>::quiet_NaN());
  Everything after = before;
  after.set_a_bool(true);
  after.add_doubles(1);
  EXPECT_EQ(describe(diff(before, after)),
            describe(operations(
                R"([{"op":"add","path":"/aBool","value":true},
                    {"op":"add","path":"/doubles/1","value":1}])")));
}

TEST(JsonDiff, ReplacesAMapToLoseAKeyThatNoPointerNames) {
  Everything before;
  (*before.mutable_string_map())["\xff"] = "a";
  Everything after;
  (*after.mutable_string_map())["b"] = std::string(100, 'b');
  (*before.mutable_string_map())["b"] = std::string(100, 'b');
  const Patch patch = diff(before, after);
  ASSERT_EQ(patch.size(), 1u);
  EXPECT_EQ(patch[0].path(), "/stringMap");
  EXPECT_EQ(patch[0].op(), "replace");
}

TEST(JsonDiff, DoesNotSeeUnknownFields) {
  Everything full = from_json<Everything>(R"({"aString":"a","anInt64":"1"})");
  OldEverything before;
  ASSERT_TRUE(before.ParseFromString(full.SerializeAsString()));
  full.set_a_string("b");
  OldEverything after;
  ASSERT_TRUE(after.ParseFromString(full.SerializeAsString()));
  EXPECT_TRUE(json_diff(before, after)->empty());

  after.set_an_int64(2);
  ASSERT_TRUE(apply_json_patch(*json_diff(before, after), &before).ok());
  ASSERT_TRUE(full.ParseFromString(before.SerializeAsString()));
  EXPECT_EQ(full.an_int64(), 2);
  EXPECT_EQ(full.a_string(), "a");
}

TEST(JsonDiff, TakesSignedZerosAndMissingKindsForWhatJsonShows) {
  EXPECT_TRUE(json_diff(from_json("[0,1]"), from_json("[-0.0,1]"))->empty());
  EXPECT_TRUE(json_diff(Value(), from_json("null"))->empty());
}

TEST(JsonDiff, LeavesItsArgumentsUntouched) {
  const Everything before = from_json<Everything>(
      R"({"stringMap":{"a":"b"},"childMap":{"1":{"boolMap":{"true":"1"}}},
          "struct":{"a":{"b":1}},"value":[1]})");
  const Everything after = from_json<Everything>(
      R"({"stringMap":{"a":"c"},"childMap":{"1":{"boolMap":{"true":"2"}}},
          "struct":{"a":{"b":2}},"value":{}})");
  // Reflection on a map creates a second representation of it.
  const size_t space = before.SpaceUsedLong() + after.SpaceUsedLong();
  EXPECT_TRUE(json_diff(before, after).ok());
  EXPECT_EQ(before.SpaceUsedLong() + after.SpaceUsedLong(), space);
}

// -- Large arrays --

Value numbers(int first, int count) {
  Value value;
  for (int i = first; i < first + count; ++i) {
    value.mutable_list_value()->add_values()->set_number_value(i);
  }
  return value;
}

TEST(JsonDiff, FindsAFewEditsInALongArray) {
  constexpr int kSize = 5000;
  const Value before = numbers(0, kSize);
  Value after = before;
  auto* elements = after.mutable_list_value()->mutable_values();
  elements->DeleteSubrange(100, 200);
  elements->DeleteSubrange(3000, 50);
  elements->Mutable(4500)->set_bool_value(true);
  elements->Add()->set_string_value("end");
  EXPECT_EQ(diff(before, after).size(), 200u + 50 + 1 + 1);
}

// An unchanged element is not written again, wherever others are added or
// removed.
TEST(JsonDiff, RepeatsNoElementThatStays) {
  const auto strings = [](const std::vector<std::string>& all) {
    Everything document;
    // Enough elements that the array is not replaced as a whole.
    for (int i = 0; i < 30; ++i) document.add_strings(absl::StrCat("e", i));
    for (const std::string& one : all) document.add_strings(one);
    return document;
  };
  const std::string stays(50, 's');
  // Up to three others on either side of it, before and after.
  for (int shape = 0; shape < 256; ++shape) {
    const auto with = [&](const std::string& name, int front, int back) {
      std::vector<std::string> all;
      for (int i = 0; i < front; ++i) all.push_back(absl::StrCat(name, i));
      all.push_back(stays);
      for (int i = 0; i < back; ++i) all.push_back(absl::StrCat(name, -i));
      return strings(all);
    };
    const std::string patch =
        describe(diff(with("old", shape & 3, shape >> 2 & 3),
                      with("new", shape >> 4 & 3, shape >> 6)));
    EXPECT_EQ(patch.find(stays), patch.npos) << patch;
  }
}

TEST(JsonDiff, OfUnrelatedLongArraysIsNoLongerThanTheirLengths) {
  constexpr int kSize = 1500;
  EXPECT_EQ(diff(numbers(0, kSize), numbers(kSize, kSize)).size(), 1u);
  // Beyond the window the result is coarser, but still correct.
  Value before = numbers(0, kSize);
  Value after = numbers(1000, kSize);
  *before.mutable_list_value()->add_values() = numbers(0, 1);
  diff(before, after);
  diff(after, before);
}

TEST(JsonDiff, FindsItsWayBackBeyondTheWindow) {
  // More consecutive differences than the window has, then equal elements.
  Value before = numbers(0, 400);
  Value after = numbers(1000, 401);
  for (Value* value : {&before, &after}) {
    for (int i = 0; i < 300; ++i) {
      value->mutable_list_value()->add_values()->set_string_value(
          absl::StrCat(i, std::string(200, '-')));
    }
    value->mutable_list_value()->add_values()->set_bool_value(value == &after);
  }
  EXPECT_EQ(diff(before, after).size(), 400u + 1 + 1);
}

// -- Random messages --

unsigned seed() {
  const char* text = std::getenv("WEIR_TEST_SEED");
  return text != nullptr ? std::strtoul(text, nullptr, 10) : 20240229;
}

// Fills places with values of their types, small ones so that some are equal.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  int below(int n) {
    return std::uniform_int_distribution<>(0, n - 1)(random_);
  }

  // Gives `place`, which has no value, one of at most `depth` more levels.
  void fill(const Place& place, int depth) {
    if (place.is_whole_repeated()) return fill_repeated(place, depth);
    if (place.message_type() != nullptr) {
      return fill_message(message_at(place), depth);
    }
    write_scalar(place, scalar(place.field));
  }

  // Changes one thing below `root`: sets a scalar or null; adds or removes an
  // element or a member.
  void edit(Message* root) {
    for (;;) {
      std::vector<std::string> path;
      Place place = {root};
      while (!try_edit(root, path, place)) {
        const std::vector<std::pair<std::string, Place>> children =
            children_of(place);
        if (children.empty()) break;
        const auto& [name, child] = children[below(children.size())];
        path.push_back(name);
        place = child;
      }
      if (edited_) break;
    }
    edited_ = false;
  }

 private:
  static std::vector<std::pair<std::string, Place>> children_of(
      const Place& place) {
    const Node node = look(place);
    if (node.is_object()) return members_of(node);
    std::vector<std::pair<std::string, Place>> children;
    if (node.kind == Node::Kind::kArray) {
      for (int i = 0; i < size_of(node); ++i) {
        children.emplace_back(absl::StrCat(i), element_of(node, i));
      }
    }
    return children;
  }

  bool try_edit(Message* root, std::vector<std::string> path,
                const Place& place) {
    const Node node = look(place);
    const auto children = children_of(place);
    if (node.kind == Node::Kind::kScalar) {
      write_scalar(node.place, scalar(node.place.field));
      return edited_ = true;
    }
    if (node.kind == Node::Kind::kNull || node.kind == Node::Kind::kOpaque) {
      node.place.message->Clear();
      fill(node.place, 2);
      return edited_ = true;
    }
    if (below(3) != 0 && !children.empty()) return false;
    if (below(2) == 0 && !children.empty()) {
      path.push_back(children[below(children.size())].first);
      EXPECT_TRUE(erase({root}, path).ok());
      return edited_ = true;
    }
    switch (node.kind) {
      case Node::Kind::kArray:
        path.push_back(absl::StrCat(below(size_of(node) + 1)));
        break;
      case Node::Kind::kMap:
        path.push_back(key(node.place.field));
        break;
      case Node::Kind::kMessage:
        path.push_back(field(*node.place.message)->json_name());
        break;
      default:
        return false;
    }
    if (find({root}, path).ok() && node.kind != Node::Kind::kArray) {
      return false;
    }
    fill(open({root}, path)->place, 2);
    return edited_ = true;
  }

  const FieldDescriptor* field(const Message& message) {
    const Descriptor* type = message.GetDescriptor();
    return type->field(below(type->field_count()));
  }

  std::string key(const FieldDescriptor* map) {
    switch (map->message_type()->map_key()->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return std::vector<std::string>{
            "", "a", "b/c", "~d", "0", "é"}[below(6)];
      case FieldDescriptor::CPPTYPE_BOOL:
        return below(2) == 0 ? "false" : "true";
      default:
        return absl::StrCat(below(8));
    }
  }

  void fill_repeated(const Place& place, int depth) {
    for (int i = below(5); i > 0; --i) {
      if (!place.field->is_map()) {
        fill({place.message, place.field, size_of(look(place))}, depth - 1);
        continue;
      }
      const std::string name = key(place.field);
      if (!find(place, {name}).ok()) {
        fill(*append_entry(place, name), depth - 1);
      }
    }
  }

  void fill_message(Message* message, int depth) {
    const Descriptor* type = message->GetDescriptor();
    const auto child = [&](int number) {
      return Place{message, type->FindFieldByNumber(number)};
    };
    switch (type->well_known_type()) {
      case Descriptor::WELLKNOWNTYPE_VALUE:
        // From null to string; Struct and ListValue only where there is depth.
        return fill(child(1 + below(depth > 0 ? 6 : 4)), depth);
      case Descriptor::WELLKNOWNTYPE_TIMESTAMP:
      case Descriptor::WELLKNOWNTYPE_DURATION:
        write_scalar(child(1), Scalar(int64_t{below(3)}));
        return write_scalar(child(2), Scalar(int32_t{500000000 * below(2)}));
      case Descriptor::WELLKNOWNTYPE_FIELDMASK:
        return write_scalar({message, child(1).field, 0},
                            Scalar(std::string(below(2) ? "a_bool" : "null")));
      case Descriptor::WELLKNOWNTYPE_ANY: {
        OldEverything content;
        content.set_an_int64(below(3));
        write_scalar(child(1), Scalar(absl::StrCat("type.googleapis.com/",
                                                   content.GetTypeName())));
        return write_scalar(child(2), Scalar(content.SerializeAsString()));
      }
      case Descriptor::WELLKNOWNTYPE_UNSPECIFIED:
        for (int i = depth > 0 ? below(7) : 0; i > 0; --i) {
          const Place place = {message, field(*message)};
          place.reflection().ClearField(message, place.field);
          fill(place, depth - 1);
        }
        return;
      default:  // A wrapper, Struct or ListValue.
        return fill(child(1), depth);
    }
  }

  Scalar scalar(const FieldDescriptor* field) {
    const int n = below(5) - 2;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_BOOL:
        return n > 0;
      case FieldDescriptor::CPPTYPE_INT32:
        return int32_t{n};
      case FieldDescriptor::CPPTYPE_INT64:
        return std::numeric_limits<int64_t>::max() / 2 * n;
      case FieldDescriptor::CPPTYPE_UINT32:
        return static_cast<uint32_t>(n);
      case FieldDescriptor::CPPTYPE_UINT64:
        return static_cast<uint64_t>(n);
      case FieldDescriptor::CPPTYPE_FLOAT:
        return static_cast<float>(n + 0.1);
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return n + 0.1;
      case FieldDescriptor::CPPTYPE_ENUM:
        return EnumNumber{is_null_value(field) ? 0 : below(3)};
      default:
        break;
    }
    if (field->type() == FieldDescriptor::TYPE_BYTES) {
      return std::string(n + 2, '\xff');
    }
    return std::vector<std::string>{"", "a", "1", "null", "é\n"}[n + 2];
  }

  std::mt19937 random_;
  bool edited_ = false;
};

template <typename T>
class RandomDiff : public ::testing::Test {};
using Types = ::testing::Types<Value, Struct, ListValue, Everything>;
TYPED_TEST_SUITE(RandomDiff, Types);

TYPED_TEST(RandomDiff, MakesTheOneOfTheOther) {
  Generator generator(seed());
  for (int i = 0; i < 300; ++i) {
    TypeParam before;
    TypeParam after;
    generator.fill({&before}, 4);
    generator.fill({&after}, 4);
    const Patch patch = diff(before, after);
    EXPECT_EQ(patch.empty(), bytes(before) == bytes(after));
    EXPECT_EQ(describe(*json_diff(before, after)), describe(patch));
    ASSERT_FALSE(this->HasFailure()) << "seed " << seed() << ", pair " << i;
  }
}

TYPED_TEST(RandomDiff, OfAFewEditsIsSmall) {
  Generator generator(seed());
  size_t edits = 0;
  size_t operations = 0;
  for (int i = 0; i < 450; ++i) {
    TypeParam before;
    generator.fill({&before}, 4);
    TypeParam after = before;
    const size_t count = 1 + generator.below(5);
    for (size_t edit = 0; edit < count; ++edit) generator.edit(&after);
    const Patch patch = diff(before, after);
    EXPECT_LE(patch.size(), 3 * count) << describe(patch);
    edits += count;
    operations += patch.size();
    ASSERT_FALSE(this->HasFailure()) << "seed " << seed() << ", pair " << i;
  }
  // Some edits change nothing, or affect the same value.
  EXPECT_LE(operations, edits);
  EXPECT_GT(operations, edits / 6);
}

}  // namespace
}  // namespace weir::patch
