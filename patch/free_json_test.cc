// RFC 6902 to the letter, on documents of plain JSON: as a Value, in a Value
// field of another message, and as a message built at run time.

#include <memory>
#include <string>
#include <tuple>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/struct.pb.h"
#include "gtest/gtest.h"
#include "patch/json_patch.h"
#include "patch/test_json.h"
#include "patch/testdata/every_field.pb.h"
#include "proto/patch_operation.pb.h"

namespace weir {
namespace {

using ::google::protobuf::Message;
using ::google::protobuf::Value;

constexpr char kInvalid[] = "INVALID_ARGUMENT: ";
constexpr char kMissing[] = "NOT_FOUND: ";
constexpr char kDiffers[] = "FAILED_PRECONDITION: ";

struct Case {
  const char* name;
  const char* document;
  const char* patch;
  // The document afterwards, or the beginning of an error.
  std::string result;
};

std::string error(const char* code, const std::string& text) {
  return code + text;
}

// A Value whose types come from a pool of its own.
struct DynamicValue {
  DynamicValue() {
    google::protobuf::FileDescriptorProto file;
    Value::descriptor()->file()->CopyTo(&file);
    pool.BuildFile(file);
    message.reset(
        factory
            .GetPrototype(pool.FindMessageTypeByName("google.protobuf.Value"))
            ->New());
  }
  google::protobuf::DescriptorPool pool;
  google::protobuf::DynamicMessageFactory factory{&pool};
  std::unique_ptr<Message> message;
};

class FreeJson : public testing::TestWithParam<Case> {
 protected:
  void check(const absl::Status& status, const Message& document,
             const Message& before, const Message& expected) {
    if (status.ok()) {
      EXPECT_EQ(bytes(document), bytes(expected)) << document.DebugString();
    } else {
      EXPECT_TRUE(absl::StartsWith(status.ToString(), GetParam().result))
          << status;
      EXPECT_EQ(bytes(document), bytes(before));
    }
  }

  bool succeeds() const {
    return !absl::StrContains(GetParam().result, ": operations[");
  }
  Value expected() const {
    return succeeds() ? from_json(GetParam().result) : Value();
  }
};

TEST_P(FreeJson, InAValue) {
  const Value before = from_json(GetParam().document);
  Value document = before;
  const absl::Status status =
      apply_json_patch(operations(GetParam().patch), &document);
  EXPECT_EQ(status.ok(), succeeds()) << status;
  check(status, document, before, expected());
}

TEST_P(FreeJson, InAMessageBuiltAtRunTime) {
  DynamicValue document;
  const Value before = from_json(GetParam().document);
  document.message->ParseFromString(before.SerializeAsString());
  const absl::Status status =
      apply_json_patch(operations(GetParam().patch), document.message.get());
  EXPECT_EQ(status.ok(), succeeds()) << status;
  check(status, *document.message, before, expected());
}

TEST_P(FreeJson, InAField) {
  patch_test::Everything before;
  *before.mutable_value() = from_json(GetParam().document);
  patch_test::Everything wanted;
  *wanted.mutable_value() = expected();
  patch_test::Everything document = before;
  auto patch = operations(GetParam().patch);
  bool removes_root = false;
  for (v1::PatchOperation& operation : patch) {
    removes_root |= operation.op() == "remove" && operation.path().empty();
    for (std::string* pointer :
         {operation.mutable_path(), operation.mutable_from()}) {
      // What is no pointer stays none.
      if (pointer->empty() || (*pointer)[0] == '/') {
        pointer->insert(0, "/value");
      }
    }
  }
  const absl::Status status = apply_json_patch(patch, &document);
  if (removes_root) {
    // Unlike a document, a field can go.
    EXPECT_FALSE(document.has_value()) << status;
    return;
  }
  EXPECT_EQ(status.ok(), succeeds()) << status;
  EXPECT_EQ(bytes(document), bytes(succeeds() ? wanted : before));
}

INSTANTIATE_TEST_SUITE_P(
    Add, FreeJson,
    testing::Values(
        Case{"Member", R"({"foo":"bar"})",
             R"([{"op":"add","path":"/baz","value":"qux"}])",
             R"({"foo":"bar","baz":"qux"})"},
        Case{"MemberReplaces", R"({"foo":{"a":1}})",
             R"([{"op":"add","path":"/foo","value":{"b":2}}])",
             R"({"foo":{"b":2}})"},
        Case{"EmptyMember", "{}", R"([{"op":"add","path":"/","value":1}])",
             R"({"":1})"},
        Case{"EscapedMember", "{}",
             R"([{"op":"add","path":"/a~1b~0c","value":1}])", R"({"a/b~c":1})"},
        Case{"NestedMember", R"({"a":{"foo":1}})",
             R"([{"op":"add","path":"/a/b","value":[1,{"c":null}]}])",
             R"({"a":{"foo":1,"b":[1,{"c":null}]}})"},
        Case{"MemberNamedDash", "{}", R"([{"op":"add","path":"/-","value":1}])",
             R"({"-":1})"},
        Case{"MemberNamedLikeAnIndex", "{}",
             R"([{"op":"add","path":"/01","value":1}])", R"({"01":1})"},
        Case{"ElementFirst", "[1,2]",
             R"([{"op":"add","path":"/0","value":"x"}])", R"(["x",1,2])"},
        Case{"ElementMiddle", R"({"foo":["bar","baz"]})",
             R"([{"op":"add","path":"/foo/1","value":"qux"}])",
             R"({"foo":["bar","qux","baz"]})"},
        Case{"ElementAtTheEnd", "[1,2]",
             R"([{"op":"add","path":"/2","value":3}])", "[1,2,3]"},
        Case{"ElementPastTheEnd", "[1,2]",
             R"([{"op":"add","path":"/3","value":3}])",
             error(kMissing, R"(operations[0] add "/3": segment 0 "3": )"
                             "the array has 2 elements")},
        Case{"ElementHuge", "[1]",
             R"([{"op":"add","path":"/99999999999999999999","value":3}])",
             error(kMissing, R"(operations[0] add "/99999999999999999999": )"
                             R"(segment 0 "99999999999999999999": )"
                             "the array has 1 element")},
        Case{"ElementAppended", R"({"foo":["bar"]})",
             R"([{"op":"add","path":"/foo/-","value":["abc","def"]}])",
             R"({"foo":["bar",["abc","def"]]})"},
        Case{"ElementOfAnEmptyArray", "[]",
             R"([{"op":"add","path":"/0","value":null}])", "[null]"},
        Case{"ElementLeadingZero", "[1,2]",
             R"([{"op":"add","path":"/01","value":3}])",
             error(kInvalid, R"(operations[0] add "/01": segment 0 "01": )"
                             "expected an array index")},
        Case{"ElementNotANumber", "[1]",
             R"([{"op":"add","path":"/x","value":3}])",
             error(kInvalid, R"(operations[0] add "/x": segment 0 "x": )"
                             "expected an array index")},
        Case{"ElementNegative", "[1]",
             R"([{"op":"add","path":"/-1","value":3}])",
             error(kInvalid, R"(operations[0] add "/-1": segment 0 "-1": )"
                             "expected an array index")},
        Case{"Document", R"({"a":1})",
             R"([{"op":"add","path":"","value":[true]}])", "[true]"},
        Case{"Null", "{}", R"([{"op":"add","path":"/a","value":null}])",
             R"({"a":null})"},
        Case{"ParentMissing", R"({"foo":"bar"})",
             R"([{"op":"add","path":"/baz/bat","value":"qux"}])",
             error(kMissing,
                   R"(operations[0] add "/baz/bat": )"
                   R"(segment 0 "baz": the object has no such member)")},
        Case{
            "GrandparentMissing", R"({"a":{}})",
            R"([{"op":"add","path":"/a/b/c/d","value":"qux"}])",
            error(kMissing, R"(operations[0] add "/a/b/c/d": )"
                            R"(segment 1 "b": the object has no such member)")},
        Case{"ParentIsDash", "[[1]]",
             R"([{"op":"add","path":"/-/0","value":1}])",
             error(kMissing, R"(operations[0] add "/-/0": segment 0 "-": )"
                             "the array has 1 element")},
        Case{"ParentIsNumber", R"({"a":5})",
             R"([{"op":"add","path":"/a/b","value":1}])",
             error(kMissing, R"(operations[0] add "/a/b": segment 1 "b": )"
                             "number 5 has no members")},
        Case{"ParentIsString", R"("x")",
             R"([{"op":"add","path":"/0","value":1}])",
             error(kMissing, R"(operations[0] add "/0": segment 0 "0": )"
                             R"(string "x" has no members)")},
        Case{"ParentIsNull", R"({"a":null})",
             R"([{"op":"add","path":"/a/b","value":1}])",
             error(kMissing, R"(operations[0] add "/a/b": segment 1 "b": )"
                             "null has no members")},
        Case{"NoValue", "{}", R"([{"op":"add","path":"/a"}])",
             error(kInvalid, R"(operations[0] add "/a": )"
                             "the operation has no value")},
        Case{"IgnoresOtherMembers", "{}",
             R"([{"op":"add","path":"/a","value":1,"from":"~","xyz":5}])",
             R"({"a":1})"}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Remove, FreeJson,
    testing::Values(
        Case{"Member", R"({"baz":"qux","foo":"bar"})",
             R"([{"op":"remove","path":"/baz"}])", R"({"foo":"bar"})"},
        Case{"LastMember", R"({"a":1})", R"([{"op":"remove","path":"/a"}])",
             "{}"},
        Case{"NullMember", R"({"a":null})", R"([{"op":"remove","path":"/a"}])",
             "{}"},
        Case{"ElementFirst", "[1,2,3]", R"([{"op":"remove","path":"/0"}])",
             "[2,3]"},
        Case{"ElementMiddle", R"({"foo":["bar","qux","baz"]})",
             R"([{"op":"remove","path":"/foo/1"}])",
             R"({"foo":["bar","baz"]})"},
        Case{"ElementLast", "[1,2,3]", R"([{"op":"remove","path":"/2"}])",
             "[1,2]"},
        Case{"ElementPastTheEnd", "[1]", R"([{"op":"remove","path":"/1"}])",
             error(kMissing, R"(operations[0] remove "/1": segment 0 "1": )"
                             "the array has 1 element")},
        Case{"Dash", "[1]", R"([{"op":"remove","path":"/-"}])",
             error(kMissing, R"(operations[0] remove "/-": segment 0 "-": )"
                             "the array has 1 element")},
        Case{"Missing", R"({"a":1})", R"([{"op":"remove","path":"/b"}])",
             error(kMissing, R"(operations[0] remove "/b": segment 0 "b": )"
                             "the object has no such member")},
        Case{"ParentMissing", R"({"a":1})",
             R"([{"op":"remove","path":"/b/c"}])",
             error(kMissing, R"(operations[0] remove "/b/c": segment 0 "b")")},
        Case{"Document", R"({"a":1})", R"([{"op":"remove","path":""}])",
             error(kInvalid, R"(operations[0] remove "": )"
                             "the whole document cannot be removed")}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Replace, FreeJson,
    testing::Values(
        Case{"Member", R"({"baz":"qux","foo":"bar"})",
             R"([{"op":"replace","path":"/baz","value":"boo"}])",
             R"({"baz":"boo","foo":"bar"})"},
        Case{"WithAnotherType", R"({"a":{"b":1},"c":2})",
             R"([{"op":"replace","path":"/a","value":[1]}])",
             R"({"a":[1],"c":2})"},
        Case{"WithNull", R"({"a":1})",
             R"([{"op":"replace","path":"/a","value":null}])", R"({"a":null})"},
        Case{"Element", "[1,2,3]",
             R"([{"op":"replace","path":"/1","value":{"x":0}}])",
             R"([1,{"x":0},3])"},
        Case{"Document", R"({"a":1})",
             R"([{"op":"replace","path":"","value":"x"}])", R"("x")"},
        Case{"DocumentWithNull", R"({"a":1})",
             R"([{"op":"replace","path":"","value":null}])", "null"},
        Case{"Missing", R"({"a":1})",
             R"([{"op":"replace","path":"/b","value":1}])",
             error(kMissing, R"(operations[0] replace "/b": segment 0 "b": )"
                             "the object has no such member")},
        Case{"PastTheEnd", "[1]", R"([{"op":"replace","path":"/1","value":1}])",
             error(kMissing, R"(operations[0] replace "/1": )")},
        Case{"Dash", "[1]", R"([{"op":"replace","path":"/-","value":1}])",
             error(kMissing, R"(operations[0] replace "/-": )")},
        Case{"NoValue", R"({"a":1})", R"([{"op":"replace","path":"/a"}])",
             error(kInvalid, R"(operations[0] replace "/a": )"
                             "the operation has no value")}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Move, FreeJson,
    testing::Values(
        Case{"Member", R"({"foo":{"bar":"baz","waldo":"fred"},"qux":{"c":1}})",
             R"([{"op":"move","from":"/foo/waldo","path":"/qux/thud"}])",
             R"({"foo":{"bar":"baz"},"qux":{"c":1,"thud":"fred"}})"},
        Case{"MemberOverAnother", R"({"a":[1],"b":{"c":2}})",
             R"([{"op":"move","from":"/a","path":"/b"}])", R"({"b":[1]})"},
        Case{"ElementUp", R"({"foo":["all","grass","cows","eat"]})",
             R"([{"op":"move","from":"/foo/1","path":"/foo/3"}])",
             R"({"foo":["all","cows","eat","grass"]})"},
        Case{"ElementDown", "[1,2,3,4]",
             R"([{"op":"move","from":"/3","path":"/1"}])", "[1,4,2,3]"},
        Case{"ElementToTheEnd", "[1,2,3]",
             R"([{"op":"move","from":"/0","path":"/-"}])", "[2,3,1]"},
        // The array is one shorter when the element is put back.
        Case{"ElementPastTheEnd", "[1,2,3]",
             R"([{"op":"move","from":"/0","path":"/3"}])",
             error(kMissing, R"(operations[0] move "/3": segment 0 "3": )"
                             "the array has 2 elements")},
        Case{"ElementToMember", R"({"a":[1,2]})",
             R"([{"op":"move","from":"/a/0","path":"/b"}])",
             R"({"a":[2],"b":1})"},
        Case{"ToItself", R"({"a":{"b":1}})",
             R"([{"op":"move","from":"/a","path":"/a"}])", R"({"a":{"b":1}})"},
        Case{
            "MissingToItself", R"({"a":1})",
            R"([{"op":"move","from":"/b","path":"/b"}])",
            error(kMissing, R"(operations[0] move "/b": from: segment 0 "b")")},
        Case{"ChildOverItsParent", R"({"a":{"b":{"c":1}}})",
             R"([{"op":"move","from":"/a/b","path":"/a"}])",
             R"({"a":{"c":1}})"},
        Case{"ChildToDocument", R"({"a":{"b":1}})",
             R"([{"op":"move","from":"/a","path":""}])", R"({"b":1})"},
        Case{"DocumentToDocument", "[1]",
             R"([{"op":"move","from":"","path":""}])", "[1]"},
        Case{"IntoItsChild", R"({"a":{"b":1}})",
             R"([{"op":"move","from":"/a","path":"/a/b"}])",
             error(kInvalid, R"(operations[0] move "/a/b": )"
                             "a value cannot be moved into one of its own")},
        Case{"IntoItsGrandchild", R"({"a":[{"b":1}]})",
             R"([{"op":"move","from":"/a","path":"/a/0/b"}])",
             error(kInvalid, R"(operations[0] move "/a/0/b": a value cannot)")},
        // Element 1 becomes element 0, but is not meant by "/0".
        Case{"ElementIntoItself", R"([{"a":1},{"a":2}])",
             R"([{"op":"move","from":"/0","path":"/0/a"}])",
             error(kInvalid, R"(operations[0] move "/0/a": a value cannot)")},
        Case{"DocumentIntoItself", R"({"a":1})",
             R"([{"op":"move","from":"","path":"/a"}])",
             error(kInvalid, R"(operations[0] move "/a": a value cannot)")},
        Case{"ToANameThatContinuesIts", R"({"a":1,"ab":{}})",
             R"([{"op":"move","from":"/a","path":"/ab/c"}])",
             R"({"ab":{"c":1}})"},
        Case{"FromMissing", R"({"a":1})",
             R"([{"op":"move","from":"/b/c","path":"/a"}])",
             error(kMissing, R"(operations[0] move "/a": from: segment 0 "b": )"
                             "the object has no such member")},
        Case{
            "FromDash", "[1]", R"([{"op":"move","from":"/-","path":"/0"}])",
            error(kMissing, R"(operations[0] move "/0": from: segment 0 "-")")},
        Case{"ToMissingParent", R"({"a":1})",
             R"([{"op":"move","from":"/a","path":"/b/c"}])",
             error(kMissing, R"(operations[0] move "/b/c": segment 0 "b")")},
        Case{"FromMalformed", R"({"a":1})",
             R"([{"op":"move","from":"a","path":"/b"}])",
             error(kInvalid, R"(operations[0] move "/b": from: )")}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Copy, FreeJson,
    testing::Values(
        Case{"Member", R"({"a":{"x":[1]}})",
             R"([{"op":"copy","from":"/a/x","path":"/b"}])",
             R"({"a":{"x":[1]},"b":[1]})"},
        Case{"ElementBeforeItself", "[1,2]",
             R"([{"op":"copy","from":"/1","path":"/0"}])", "[2,1,2]"},
        Case{"ElementAppended", "[1,2]",
             R"([{"op":"copy","from":"/0","path":"/-"}])", "[1,2,1]"},
        Case{"IntoItsChild", R"({"a":{"b":1}})",
             R"([{"op":"copy","from":"/a","path":"/a/b"}])",
             R"({"a":{"b":{"b":1}}})"},
        Case{"DocumentIntoItself", R"({"a":1})",
             R"([{"op":"copy","from":"","path":"/b"}])",
             R"({"a":1,"b":{"a":1}})"},
        Case{"IsACopy", R"({"a":[1]})",
             R"([{"op":"copy","from":"/a","path":"/b"},
                 {"op":"add","path":"/b/-","value":2}])",
             R"({"a":[1],"b":[1,2]})"},
        Case{"OfNull", R"({"a":null})",
             R"([{"op":"copy","from":"/a","path":"/b"}])",
             R"({"a":null,"b":null})"},
        Case{"FromMissing", R"({"a":1})",
             R"([{"op":"copy","from":"/b","path":"/a"}])",
             error(kMissing,
                   R"(operations[0] copy "/a": from: segment 0 "b")")}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Test, FreeJson,
    testing::Values(
        Case{"String", R"({"baz":"qux","foo":["a",2,"c"]})",
             R"([{"op":"test","path":"/baz","value":"qux"},
                 {"op":"test","path":"/foo/1","value":2}])",
             R"({"baz":"qux","foo":["a",2,"c"]})"},
        Case{"StringDiffers", R"({"baz":"qux"})",
             R"([{"op":"test","path":"/baz","value":"bar"}])",
             error(kDiffers, R"(operations[0] test "/baz": )"
                             R"(expected string "bar", found string "qux")")},
        Case{"NumberByValue", R"({"a":10,"b":-0.0})",
             R"([{"op":"test","path":"/a","value":1e1},
                 {"op":"test","path":"/a","value":10.0},
                 {"op":"test","path":"/b","value":0}])",
             R"({"a":10,"b":-0.0})"},
        Case{"NumberIsNoString", R"({"a":"10"})",
             R"([{"op":"test","path":"/a","value":10}])",
             error(kDiffers, R"(operations[0] test "/a": )"
                             R"(expected number 10, found string "10")")},
        Case{"StringIsNoNumber", R"({"a":10})",
             R"([{"op":"test","path":"/a","value":"10"}])",
             error(kDiffers, R"(operations[0] test "/a": )"
                             R"(expected string "10", found number 10)")},
        Case{"ZeroIsNotFalse", R"({"a":0})",
             R"([{"op":"test","path":"/a","value":false}])",
             error(kDiffers, R"(operations[0] test "/a": expected false, )")},
        Case{"NullIsNotZero", R"({"a":0})",
             R"([{"op":"test","path":"/a","value":null}])",
             error(kDiffers, R"(operations[0] test "/a": expected null, )")},
        Case{"ZeroIsNotNull", R"({"a":null})",
             R"([{"op":"test","path":"/a","value":0}])",
             error(kDiffers, R"(operations[0] test "/a": expected number 0, )"
                             "found null")},
        Case{"NullIsNull", R"({"a":null})",
             R"([{"op":"test","path":"/a","value":null}])", R"({"a":null})"},
        Case{"NullIsNotAbsent", R"({"a":1})",
             R"([{"op":"test","path":"/b","value":null}])",
             error(kMissing, R"(operations[0] test "/b": segment 0 "b")")},
        Case{"ObjectInAnyOrder", R"({"a":{"x":1,"y":[2,{"z":3}]}})",
             R"([{"op":"test","path":"/a","value":{"y":[2,{"z":3}],"x":1}}])",
             R"({"a":{"x":1,"y":[2,{"z":3}]}})"},
        Case{"ObjectWithMore", R"({"a":{"x":1,"y":2}})",
             R"([{"op":"test","path":"/a","value":{"x":1}}])",
             error(kDiffers, R"(operations[0] test "/a": )"
                             "expected an object, found another")},
        Case{"ObjectWithLess", R"({"a":{"x":1}})",
             R"([{"op":"test","path":"/a","value":{"x":1,"y":2}}])",
             error(kDiffers, R"(operations[0] test "/a": )")},
        Case{"ObjectWithAnotherName", R"({"a":{"x":1}})",
             R"([{"op":"test","path":"/a","value":{"y":1}}])",
             error(kDiffers, R"(operations[0] test "/a": )")},
        Case{"ObjectWithNull", R"({"a":{"x":1,"y":null}})",
             R"([{"op":"test","path":"/a","value":{"x":1}}])",
             error(kDiffers, R"(operations[0] test "/a": )")},
        Case{"ArrayInOrder", "[1,2]",
             R"([{"op":"test","path":"","value":[1,2]}])", "[1,2]"},
        Case{"ArrayOutOfOrder", "[1,2]",
             R"([{"op":"test","path":"","value":[2,1]}])",
             error(kDiffers, R"(operations[0] test "": )")},
        Case{"ArrayShorter", "[1,2]",
             R"([{"op":"test","path":"","value":[1]}])",
             error(kDiffers, R"(operations[0] test "": )")},
        Case{"ArrayLonger", "[1,2]",
             R"([{"op":"test","path":"","value":[1,2,3]}])",
             error(kDiffers, R"(operations[0] test "": )")},
        Case{"EmptyArrayIsNoObject", "[]",
             R"([{"op":"test","path":"","value":{}}])",
             error(kDiffers, R"(operations[0] test "": )")},
        Case{"EscapesInOrder", R"({"/":9,"~1":10})",
             R"([{"op":"test","path":"/~01","value":10}])",
             R"({"/":9,"~1":10})"},
        Case{"Document", "true", R"([{"op":"test","path":"","value":true}])",
             "true"},
        Case{"NoValue", R"({"a":null})", R"([{"op":"test","path":"/a"}])",
             error(kInvalid, R"(operations[0] test "/a": )"
                             "the operation has no value")}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Patch, FreeJson,
    testing::Values(
        Case{"Empty", R"({"a":1})", "[]", R"({"a":1})"},
        Case{"IsAppliedInOrder", "{}",
             R"([{"op":"add","path":"/a","value":{}},
                 {"op":"add","path":"/a/b","value":[1]},
                 {"op":"test","path":"/a/b/0","value":1},
                 {"op":"move","from":"/a/b","path":"/c"},
                 {"op":"replace","path":"/c/0","value":2},
                 {"op":"remove","path":"/a"}])",
             R"({"c":[2]})"},
        Case{"IsAllOrNothing", R"({"a":{"b":"c"}})",
             R"([{"op":"replace","path":"/a/b","value":42},
                 {"op":"add","path":"/x","value":[]},
                 {"op":"test","path":"/a/b","value":"c"}])",
             error(kDiffers, R"(operations[2] test "/a/b": )"
                             R"(expected string "c", found number 42)")},
        Case{"UnknownOperation", R"({"a":1})",
             R"([{"op":"test","path":"/a","value":1},
                 {"op":"Add","path":"/a","value":1}])",
             error(kInvalid, R"(operations[1] op "Add": )"
                             "expected add, remove, replace, move, copy or")},
        Case{"NoOperation", R"({"a":1})", R"([{"path":"/a","value":1}])",
             error(kInvalid, R"(operations[0] op "": expected add, )")},
        Case{"MalformedPath", R"({"a":1})", R"([{"op":"remove","path":"a"}])",
             error(kInvalid, R"(operations[0] remove "a": )"
                             "a pointer starts with '/' or is empty")},
        Case{"MalformedEscape", R"({"a~2":1})",
             R"([{"op":"remove","path":"/a~2"}])",
             error(kInvalid, R"(operations[0] remove "/a~2": '~' must be )")}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace weir
