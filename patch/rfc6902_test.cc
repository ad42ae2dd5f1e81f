// RFC 6902, JSON Patch, in the order of its sections, on documents of plain
// JSON: as a Value, in a Value field of another message, and as a message built
// at run time. For pointers see rfc6901_test.cc, for the texts of errors
// json_patch_test.cc.

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/struct.pb.h"
#include "gtest/gtest.h"
#include "weir/json/json_reader.h"
#include "weir/patch/json_patch.h"
#include "weir/patch/testdata/every_field.pb.h"
#include "weir/patch/testing/test_json.h"
#include "weir/proto/patch_operation.pb.h"

namespace weir::patch {
namespace {

using ::google::protobuf::Message;
using ::google::protobuf::Value;

constexpr char kInvalid[] = "INVALID_ARGUMENT";
constexpr char kMissing[] = "NOT_FOUND";
constexpr char kDiffers[] = "FAILED_PRECONDITION";

struct Case {
  const char* name;
  const char* document;
  const char* patch;
  // The resulting document, or the code of an error.
  std::string result;
};

std::string case_name(const testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

// A Value whose types come from a separate pool.
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

class Rfc6902 : public testing::TestWithParam<Case> {
 protected:
  // Expects the case's result of `document`; `before` and `wanted` are what it
  // should hold after a failure and a success.
  void check(const absl::Status& status, const Message& document,
             const Message& before, const Message& wanted) {
    EXPECT_EQ(absl::StatusCodeToString(status.code()),
              succeeds() ? "OK" : GetParam().result)
        << status;
    EXPECT_EQ(bytes(document), bytes(succeeds() ? wanted : before))
        << document.DebugString();
  }

  bool succeeds() const {
    const std::string& result = GetParam().result;
    return result != kInvalid && result != kMissing && result != kDiffers;
  }

  Value before() const { return from_json(GetParam().document); }
  Value wanted() const {
    return succeeds() ? from_json(GetParam().result) : Value();
  }
};

TEST_P(Rfc6902, InAValue) {
  Value document = before();
  const absl::Status status =
      apply_json_patch(operations(GetParam().patch), &document);
  check(status, document, before(), wanted());
}

TEST_P(Rfc6902, InAMessageBuiltAtRunTime) {
  DynamicValue document;
  document.message->ParseFromString(before().SerializeAsString());
  const absl::Status status =
      apply_json_patch(operations(GetParam().patch), document.message.get());
  check(status, *document.message, before(), wanted());
}

TEST_P(Rfc6902, InAField) {
  auto patch = operations(GetParam().patch);
  bool removes_root = false;
  for (v1::PatchOperation& operation : patch) {
    removes_root |= operation.op() == "remove" && operation.path().empty();
    for (std::string* pointer :
         {operation.mutable_path(), operation.mutable_from()}) {
      // An invalid pointer remains invalid.
      if (pointer->empty() || (*pointer)[0] == '/') {
        pointer->insert(0, "/value");
      }
    }
  }
  patch_test::Everything before_field;
  *before_field.mutable_value() = before();
  patch_test::Everything wanted_field;
  *wanted_field.mutable_value() = wanted();
  patch_test::Everything document = before_field;
  const absl::Status status = apply_json_patch(patch, &document);
  if (removes_root) {
    // Unlike a document, a field can be removed.
    EXPECT_FALSE(document.has_value()) << status;
  } else {
    check(status, document, before_field, wanted_field);
  }
}

// Section 3: the document

INSTANTIATE_TEST_SUITE_P(
    Section3, Rfc6902,
    testing::Values(Case{"NoOperations", R"({"a":1})", "[]", R"({"a":1})"},
                    Case{"EachOperationWorksOnTheResultOfTheLast", "{}",
                         R"([{"op":"add","path":"/a","value":{}},
                 {"op":"add","path":"/a/b","value":[1]},
                 {"op":"test","path":"/a/b/0","value":1},
                 {"op":"move","from":"/a/b","path":"/c"},
                 {"op":"replace","path":"/c/0","value":2},
                 {"op":"copy","from":"/c","path":"/d"},
                 {"op":"remove","path":"/a"}])",
                         R"({"c":[2],"d":[2]})"},
                    Case{"OrderMatters", "[]",
                         R"([{"op":"add","path":"/0","value":1},
                 {"op":"add","path":"/0","value":2},
                 {"op":"add","path":"/1","value":3}])",
                         "[2,3,1]"},
                    Case{"EvaluationEndsAtAnError", R"({"a":1})",
                         R"([{"op":"test","path":"/a","value":2},
                 {"op":"bad","path":"~"}])",
                         kDiffers}),
    case_name);

// Section 4: operations

INSTANTIATE_TEST_SUITE_P(
    Section4, Rfc6902,
    testing::Values(Case{"OpIsMissing", R"({"a":1})",
                         R"([{"path":"/a","value":1}])", kInvalid},
                    Case{"OpIsUnknown", R"({"a":1})",
                         R"([{"op":"spam","path":"/a","value":1}])", kInvalid},
                    Case{"OpIsSpeltExactly", R"({"a":1})",
                         R"([{"op":"Add","path":"/a","value":1}])", kInvalid},
                    Case{"OpHasNoSpaces", R"({"a":1})",
                         R"([{"op":"add ","path":"/a","value":1}])", kInvalid},
                    Case{"PathIsNoPointer", R"({"a":1})",
                         R"([{"op":"remove","path":"a"}])", kInvalid},
                    Case{"PathHasAMalformedEscape", R"({"a~2":1})",
                         R"([{"op":"remove","path":"/a~2"}])", kInvalid},
                    Case{"FromThatIsNotDefinedIsIgnored", R"({"b":1})",
                         R"([{"op":"add","path":"/a","value":1,"from":"~"},
                 {"op":"test","path":"/a","value":1,"from":"/x"},
                 {"op":"replace","path":"/a","value":2,"from":"x"},
                 {"op":"remove","path":"/b","from":"/x"}])",
                         R"({"a":2})"},
                    Case{"ValueThatIsNotDefinedIsIgnored", R"({"a":1,"b":2})",
                         R"([{"op":"remove","path":"/b","value":3},
                 {"op":"copy","from":"/a","path":"/c","value":4},
                 {"op":"move","from":"/c","path":"/d","value":5}])",
                         R"({"a":1,"d":1})"},
                    Case{"MembersComeInAnyOrder", "[]",
                         R"([{"op":"add","path":"/-","value":"foo"},
                 {"path":"/-","op":"add","value":"foo"},
                 {"value":"foo","path":"/-","op":"add"}])",
                         R"(["foo","foo","foo"])"},
                    Case{"StringEscapesAreReadBefore", R"({"foo":["\u00e9"]})",
                         R"([{"\u006fp":"\u0074est","path":"\/f\u006fo\/0",
                  "value":"é"}])",
                         R"({"foo":["é"]})"}),
    case_name);

// Section 4.1: add

INSTANTIATE_TEST_SUITE_P(
    Section41Add, Rfc6902,
    testing::Values(
        Case{"NewMember", R"({"a":{"foo":1}})",
             R"([{"op":"add","path":"/a/b","value":[1,{"c":null}]}])",
             R"({"a":{"foo":1,"b":[1,{"c":null}]}})"},
        Case{"ExistingMemberIsReplaced", R"({"foo":{"a":1}})",
             R"([{"op":"add","path":"/foo","value":{"b":2}}])",
             R"({"foo":{"b":2}})"},
        Case{"MemberWithAnEmptyName", "{}",
             R"([{"op":"add","path":"/","value":1}])", R"({"":1})"},
        Case{"MemberWithAnEscapedName", "{}",
             R"([{"op":"add","path":"/a~1b~0c","value":1}])", R"({"a/b~c":1})"},
        Case{"MemberNamedDash", "{}", R"([{"op":"add","path":"/-","value":1}])",
             R"({"-":1})"},
        Case{"MemberNamedLikeNoIndex", "{}",
             R"([{"op":"add","path":"/01","value":1}])", R"({"01":1})"},
        Case{"Null", "{}", R"([{"op":"add","path":"/a","value":null}])",
             R"({"a":null})"},
        Case{"Document", R"({"a":1})",
             R"([{"op":"add","path":"","value":[true]}])", "[true]"},
        Case{"DocumentInPlaceOfAScalar", "null",
             R"([{"op":"add","path":"","value":{"a":[]}}])", R"({"a":[]})"},
        Case{"ElementFirst", "[1,2]",
             R"([{"op":"add","path":"/0","value":"x"}])", R"(["x",1,2])"},
        Case{"ElementInTheMiddle", "[1,2,3]",
             R"([{"op":"add","path":"/1","value":["x"]}])", R"([1,["x"],2,3])"},
        Case{"ElementAtTheEnd", "[1,2]",
             R"([{"op":"add","path":"/2","value":3}])", "[1,2,3]"},
        Case{"ElementPastTheEnd", "[1,2]",
             R"([{"op":"add","path":"/3","value":3}])", kMissing},
        Case{"ElementFarPastTheEnd", "[1]",
             R"([{"op":"add","path":"/18446744073709551616","value":3}])",
             kMissing},
        Case{"ElementOfAnEmptyArray", "[]",
             R"([{"op":"add","path":"/0","value":null}])", "[null]"},
        Case{"ElementAppended", "[1,2]",
             R"([{"op":"add","path":"/-","value":[3]}])", "[1,2,[3]]"},
        Case{"ElementAppendedToAnEmptyArray", "[]",
             R"([{"op":"add","path":"/-","value":1}])", "[1]"},
        Case{"ElementNextToAnotherType", R"([{"a":1},null,"x"])",
             R"([{"op":"add","path":"/1","value":2.5}])",
             R"([{"a":1},2.5,null,"x"])"},
        Case{"IndexWithALeadingZero", "[1,2]",
             R"([{"op":"add","path":"/01","value":3}])", kInvalid},
        Case{"IndexThatIsAName", "[1]",
             R"([{"op":"add","path":"/x","value":3}])", kInvalid},
        Case{"IndexNegative", "[1]", R"([{"op":"add","path":"/-1","value":3}])",
             kInvalid},
        Case{"IndexEmpty", "[1]", R"([{"op":"add","path":"/","value":3}])",
             kInvalid},
        Case{"ParentMissing", R"({"q":{"bar":2}})",
             R"([{"op":"add","path":"/a/b","value":1}])", kMissing},
        Case{"GrandparentMissing", R"({"a":{}})",
             R"([{"op":"add","path":"/a/b/c/d","value":1}])", kMissing},
        Case{"ParentIsTheDash", "[[1]]",
             R"([{"op":"add","path":"/-/0","value":1}])", kMissing},
        Case{"ParentIsANumber", R"({"a":5})",
             R"([{"op":"add","path":"/a/b","value":1}])", kMissing},
        Case{"ParentIsAString", R"("x")",
             R"([{"op":"add","path":"/0","value":1}])", kMissing},
        Case{"ParentIsNull", R"({"a":null})",
             R"([{"op":"add","path":"/a/b","value":1}])", kMissing},
        Case{"DocumentIsNull", "null",
             R"([{"op":"add","path":"/a","value":1}])", kMissing},
        Case{"ValueIsMissing", "{}", R"([{"op":"add","path":"/a"}])",
             kInvalid}),
    case_name);

// Section 4.2: remove

INSTANTIATE_TEST_SUITE_P(
    Section42Remove, Rfc6902,
    testing::Values(
        Case{"Member", R"({"a":1,"b":{"c":2}})",
             R"([{"op":"remove","path":"/b"}])", R"({"a":1})"},
        Case{"LastMember", R"({"a":1})", R"([{"op":"remove","path":"/a"}])",
             "{}"},
        Case{"MemberThatIsNull", R"({"a":null})",
             R"([{"op":"remove","path":"/a"}])", "{}"},
        Case{"ElementFirst", "[1,2,3]", R"([{"op":"remove","path":"/0"}])",
             "[2,3]"},
        Case{"ElementInTheMiddle", R"([1,{"a":2},3])",
             R"([{"op":"remove","path":"/1"}])", "[1,3]"},
        Case{"ElementLast", "[1,2,3]", R"([{"op":"remove","path":"/2"}])",
             "[1,2]"},
        Case{"OnlyElement", "[[]]", R"([{"op":"remove","path":"/0"}])", "[]"},
        Case{"EachMovesTheNext", "[1,2,3]",
             R"([{"op":"remove","path":"/0"},{"op":"remove","path":"/0"}])",
             "[3]"},
        Case{"ElementPastTheEnd", "[1]", R"([{"op":"remove","path":"/1"}])",
             kMissing},
        Case{"Dash", "[1]", R"([{"op":"remove","path":"/-"}])", kMissing},
        Case{"IndexWithALeadingZero", "[1]",
             R"([{"op":"remove","path":"/00"}])", kInvalid},
        Case{"Missing", R"({"a":1})", R"([{"op":"remove","path":"/b"}])",
             kMissing},
        Case{"Twice", R"({"a":1})",
             R"([{"op":"remove","path":"/a"},{"op":"remove","path":"/a"}])",
             kMissing},
        Case{"ParentMissing", R"({"a":1})",
             R"([{"op":"remove","path":"/b/c"}])", kMissing},
        Case{"ParentIsAScalar", R"({"a":5})",
             R"([{"op":"remove","path":"/a/b"}])", kMissing},
        // No document would be left.
        Case{"Document", R"({"a":1})", R"([{"op":"remove","path":""}])",
             kInvalid}),
    case_name);

// Section 4.3: replace

INSTANTIATE_TEST_SUITE_P(
    Section43Replace, Rfc6902,
    testing::Values(
        Case{"Member", R"({"a":1,"b":2})",
             R"([{"op":"replace","path":"/a","value":3}])", R"({"a":3,"b":2})"},
        Case{"WithAnotherType", R"({"a":{"b":1},"c":2})",
             R"([{"op":"replace","path":"/a","value":[1]}])",
             R"({"a":[1],"c":2})"},
        Case{"WithNull", R"({"a":1})",
             R"([{"op":"replace","path":"/a","value":null}])", R"({"a":null})"},
        Case{"Null", R"({"a":null})",
             R"([{"op":"replace","path":"/a","value":1}])", R"({"a":1})"},
        Case{"ObjectsAreNotMerged", R"({"a":{"b":1}})",
             R"([{"op":"replace","path":"/a","value":{"c":2}}])",
             R"({"a":{"c":2}})"},
        Case{"Element", "[1,2,3]",
             R"([{"op":"replace","path":"/1","value":{"x":0}}])",
             R"([1,{"x":0},3])"},
        Case{"Document", R"({"a":1})",
             R"([{"op":"replace","path":"","value":"x"}])", R"("x")"},
        Case{"DocumentWithNull", R"({"a":1})",
             R"([{"op":"replace","path":"","value":null}])", "null"},
        Case{"Missing", R"({"a":1})",
             R"([{"op":"replace","path":"/b","value":1}])", kMissing},
        Case{"PastTheEnd", "[1]", R"([{"op":"replace","path":"/1","value":1}])",
             kMissing},
        Case{"Dash", "[1]", R"([{"op":"replace","path":"/-","value":1}])",
             kMissing},
        Case{"ParentIsNull", R"({"a":null})",
             R"([{"op":"replace","path":"/a/b","value":1}])", kMissing},
        Case{"ValueIsMissing", R"({"a":1})",
             R"([{"op":"replace","path":"/a"}])", kInvalid}),
    case_name);

// Section 4.4: move

INSTANTIATE_TEST_SUITE_P(
    Section44Move, Rfc6902,
    testing::Values(
        Case{"MemberOverAnother", R"({"a":[1],"b":{"c":2}})",
             R"([{"op":"move","from":"/a","path":"/b"}])", R"({"b":[1]})"},
        Case{"ElementDown", "[1,2,3,4]",
             R"([{"op":"move","from":"/3","path":"/1"}])", "[1,4,2,3]"},
        Case{"ElementToTheEnd", "[1,2,3]",
             R"([{"op":"move","from":"/0","path":"/-"}])", "[2,3,1]"},
        // The array is one shorter when the element is put back.
        Case{"ElementPastTheEnd", "[1,2,3]",
             R"([{"op":"move","from":"/0","path":"/3"}])", kMissing},
        Case{"ElementToAMember", R"({"a":[1,2]})",
             R"([{"op":"move","from":"/a/0","path":"/b"}])",
             R"({"a":[2],"b":1})"},
        Case{"MemberToAnElement", R"({"a":[1,2],"b":null})",
             R"([{"op":"move","from":"/b","path":"/a/1"}])",
             R"({"a":[1,null,2]})"},
        // Without element 0, "/1/a" leads to what was element 2.
        Case{"PathIsEvaluatedAfterTheRemoval", R"([1,{},{}])",
             R"([{"op":"move","from":"/0","path":"/1/a"}])", R"([{},{"a":1}])"},
        Case{"ToItself", R"({"a":{"b":1}})",
             R"([{"op":"move","from":"/a","path":"/a"}])", R"({"a":{"b":1}})"},
        Case{"MissingToItself", R"({"a":1})",
             R"([{"op":"move","from":"/b","path":"/b"}])", kMissing},
        Case{"ChildOverItsParent", R"({"a":{"b":{"c":1}}})",
             R"([{"op":"move","from":"/a/b","path":"/a"}])",
             R"({"a":{"c":1}})"},
        Case{"ChildToTheDocument", R"({"a":{"b":1}})",
             R"([{"op":"move","from":"/a","path":""}])", R"({"b":1})"},
        Case{"DocumentToItself", "[1]",
             R"([{"op":"move","from":"","path":""}])", "[1]"},
        Case{"IntoItsChild", R"({"a":{"b":1}})",
             R"([{"op":"move","from":"/a","path":"/a/b"}])", kInvalid},
        Case{"IntoItsNewChild", R"({"a":{"b":1}})",
             R"([{"op":"move","from":"/a","path":"/a/c"}])", kInvalid},
        Case{"IntoItsGrandchild", R"({"a":[{"b":1}]})",
             R"([{"op":"move","from":"/a","path":"/a/0/b"}])", kInvalid},
        // Element 1 becomes element 0, but "/0" does not refer to it.
        Case{"ElementIntoItself", R"([{"a":1},{"a":2}])",
             R"([{"op":"move","from":"/0","path":"/0/a"}])", kInvalid},
        Case{"DocumentIntoItself", R"({"a":1})",
             R"([{"op":"move","from":"","path":"/a"}])", kInvalid},
        Case{"IntoANameThatContinuesItsOwn", R"({"a":1,"ab":{}})",
             R"([{"op":"move","from":"/a","path":"/ab/c"}])",
             R"({"ab":{"c":1}})"},
        Case{"FromIsMissingInTheDocument", R"({"a":1})",
             R"([{"op":"move","from":"/b/c","path":"/a"}])", kMissing},
        Case{"FromIsTheDash", "[1]",
             R"([{"op":"move","from":"/-","path":"/0"}])", kMissing},
        Case{"FromIsNoPointer", R"({"a":1})",
             R"([{"op":"move","from":"a","path":"/b"}])", kInvalid},
        Case{"ParentMissing", R"({"a":1})",
             R"([{"op":"move","from":"/a","path":"/b/c"}])", kMissing}),
    case_name);

// Section 4.5: copy

INSTANTIATE_TEST_SUITE_P(
    Section45Copy, Rfc6902,
    testing::Values(
        Case{"Member", R"({"a":{"x":[1]}})",
             R"([{"op":"copy","from":"/a/x","path":"/b"}])",
             R"({"a":{"x":[1]},"b":[1]})"},
        Case{"OverAnother", R"({"a":1,"b":{"c":2}})",
             R"([{"op":"copy","from":"/a","path":"/b"}])", R"({"a":1,"b":1})"},
        Case{"OverItself", R"({"a":[1]})",
             R"([{"op":"copy","from":"/a","path":"/a"}])", R"({"a":[1]})"},
        Case{"OverItsParent", R"({"a":{"b":{"c":1}}})",
             R"([{"op":"copy","from":"/a/b","path":"/a"}])",
             R"({"a":{"c":1}})"},
        Case{"ElementBeforeItself", "[1,2]",
             R"([{"op":"copy","from":"/1","path":"/0"}])", "[2,1,2]"},
        Case{"ElementOntoItself", "[1,2]",
             R"([{"op":"copy","from":"/1","path":"/1"}])", "[1,2,2]"},
        Case{"ElementAppended", "[1,2]",
             R"([{"op":"copy","from":"/0","path":"/-"}])", "[1,2,1]"},
        // Nothing forbids it: the source is read before the target changes.
        Case{"IntoItsChild", R"({"a":{"b":1}})",
             R"([{"op":"copy","from":"/a","path":"/a/b"}])",
             R"({"a":{"b":{"b":1}}})"},
        Case{"DocumentIntoItself", R"({"a":1})",
             R"([{"op":"copy","from":"","path":"/b"}])",
             R"({"a":1,"b":{"a":1}})"},
        Case{"DocumentToItself", R"({"a":1})",
             R"([{"op":"copy","from":"","path":""}])", R"({"a":1})"},
        Case{"IsACopy", R"({"a":[1]})",
             R"([{"op":"copy","from":"/a","path":"/b"},
                 {"op":"add","path":"/b/-","value":2}])",
             R"({"a":[1],"b":[1,2]})"},
        Case{"Null", R"({"a":null})",
             R"([{"op":"copy","from":"/a","path":"/b"}])",
             R"({"a":null,"b":null})"},
        Case{"FromIsMissingInTheDocument", R"({"a":1})",
             R"([{"op":"copy","from":"/b","path":"/a"}])", kMissing},
        Case{"FromIsTheDash", "[1]",
             R"([{"op":"copy","from":"/-","path":"/0"}])", kMissing},
        Case{"FromIsNoPointer", R"({"a":1})",
             R"([{"op":"copy","from":"/~","path":"/b"}])", kInvalid},
        Case{"ParentMissing", R"({"a":1})",
             R"([{"op":"copy","from":"/a","path":"/b/c"}])", kMissing}),
    case_name);

// Section 4.6: test

// A test of the whole document that passes.
Case equal(const char* name, const char* document, const char* patch) {
  return {name, document, patch, document};
}

INSTANTIATE_TEST_SUITE_P(
    Section46Test, Rfc6902,
    testing::Values(
        equal("StringEqual", R"("a\u0000b")",
              R"([{"op":"test","path":"","value":"a\u0000b"}])"),
        Case{"StringDiffers", R"("ab")",
             R"([{"op":"test","path":"","value":"aB"}])", kDiffers},
        Case{"StringShorter", R"("ab")",
             R"([{"op":"test","path":"","value":"a"}])", kDiffers},
        Case{"StringCutAtAZero", R"("a\u0000b")",
             R"([{"op":"test","path":"","value":"a"}])", kDiffers},
        Case{"StringNotNormalised", R"("\u00e9")",
             R"([{"op":"test","path":"","value":"e\u0301"}])", kDiffers},
        equal("StringBySurrogates", R"("😀")",
              R"([{"op":"test","path":"","value":"\ud83d\ude00"}])"),
        equal("NumberByValue", R"({"a":10,"b":-0.0,"c":0.5})",
              R"([{"op":"test","path":"/a","value":1e1},
                  {"op":"test","path":"/a","value":10.0},
                  {"op":"test","path":"/b","value":0},
                  {"op":"test","path":"/c","value":5E-1}])"),
        Case{"NumberDiffers", "1", R"([{"op":"test","path":"","value":1.5}])",
             kDiffers},
        Case{"NumberDiffersInItsSign", "1",
             R"([{"op":"test","path":"","value":-1}])", kDiffers},
        Case{"NumberIsNoString", R"({"a":"10"})",
             R"([{"op":"test","path":"/a","value":10}])", kDiffers},
        Case{"StringIsNoNumber", R"({"a":10})",
             R"([{"op":"test","path":"/a","value":"10"}])", kDiffers},
        equal("ArrayInOrder", R"([1,[2,"x"],{}])",
              R"([{"op":"test","path":"","value":[1,[2,"x"],{}]}])"),
        Case{"ArrayOutOfOrder", "[1,2]",
             R"([{"op":"test","path":"","value":[2,1]}])", kDiffers},
        Case{"ArrayShorter", "[1,2]",
             R"([{"op":"test","path":"","value":[1]}])", kDiffers},
        Case{"ArrayLonger", "[1,2]",
             R"([{"op":"test","path":"","value":[1,2,3]}])", kDiffers},
        Case{"ArrayDiffersDeep", R"([[{"a":[1]}]])",
             R"([{"op":"test","path":"","value":[[{"a":[2]}]]}])", kDiffers},
        Case{"ArrayIsNoObject", "[]", R"([{"op":"test","path":"","value":{}}])",
             kDiffers},
        equal("ObjectInAnyOrder", R"({"a":{"x":1,"y":[2,{"z":3}]}})",
              R"([{"op":"test","path":"/a",
                   "value":{"y":[2,{"z":3}],"x":1}}])"),
        Case{"ObjectWithMore", R"({"x":1,"y":2})",
             R"([{"op":"test","path":"","value":{"x":1}}])", kDiffers},
        Case{"ObjectWithLess", R"({"x":1})",
             R"([{"op":"test","path":"","value":{"x":1,"y":2}}])", kDiffers},
        Case{"ObjectWithAnotherName", R"({"x":1})",
             R"([{"op":"test","path":"","value":{"y":1}}])", kDiffers},
        Case{"ObjectWithAnotherValue", R"({"x":1,"y":2})",
             R"([{"op":"test","path":"","value":{"x":1,"y":3}}])", kDiffers},
        Case{"ObjectWithANullMember", R"({"x":1,"y":null})",
             R"([{"op":"test","path":"","value":{"x":1}}])", kDiffers},
        equal("Literals", "[true,false,null]",
              R"([{"op":"test","path":"/0","value":true},
                  {"op":"test","path":"/1","value":false},
                  {"op":"test","path":"/2","value":null}])"),
        Case{"TrueIsNotFalse", "true",
             R"([{"op":"test","path":"","value":false}])", kDiffers},
        Case{"ZeroIsNotFalse", "0",
             R"([{"op":"test","path":"","value":false}])", kDiffers},
        Case{"NullIsNotFalse", "false",
             R"([{"op":"test","path":"","value":null}])", kDiffers},
        Case{"NullIsNotZero", "0", R"([{"op":"test","path":"","value":null}])",
             kDiffers},
        Case{"ZeroIsNotNull", "null", R"([{"op":"test","path":"","value":0}])",
             kDiffers},
        Case{"NullIsNotEmpty", "[{},[],\"\"]",
             R"([{"op":"test","path":"/0","value":null}])", kDiffers},
        Case{"NullIsNotAbsent", R"({"a":1})",
             R"([{"op":"test","path":"/b","value":null}])", kMissing},
        Case{"Dash", "[1]", R"([{"op":"test","path":"/-","value":1}])",
             kMissing},
        Case{"ValueIsMissing", R"({"a":null})",
             R"([{"op":"test","path":"/a"}])", kInvalid}),
    case_name);

// Section 5: errors

INSTANTIATE_TEST_SUITE_P(
    Section5, Rfc6902,
    testing::Values(
        Case{"ChangesAreAtomic", R"({"a":{"b":"c"}})",
             R"([{"op":"replace","path":"/a/b","value":42},
                 {"op":"test","path":"/a/b","value":"C"}])",
             kDiffers},
        Case{"EveryChangeIsUndone", R"({"a":[1,2,3],"b":{"c":{}},"d":null})",
             R"([{"op":"add","path":"/a/1","value":[]},
                 {"op":"remove","path":"/a/0"},
                 {"op":"add","path":"/e","value":1},
                 {"op":"remove","path":"/d"},
                 {"op":"move","from":"/b/c","path":"/a/-"},
                 {"op":"copy","from":"/a","path":"/b/c"},
                 {"op":"replace","path":"/b","value":0},
                 {"op":"replace","path":"","value":[1]},
                 {"op":"remove","path":"/1"}])",
             kMissing},
        // The failing operation is undone too: it had removed "/a/0".
        Case{"HalfAnOperationIsUndone", R"({"a":[1,2]})",
             R"([{"op":"move","from":"/a/0","path":"/a/2"}])", kMissing},
        Case{"ABadOperationIsAnError", R"({"a":1})",
             R"([{"op":"remove","path":"/a"},{"op":"x","path":"/a"}])",
             kInvalid}),
    case_name);

// Appendix A: examples. A.13 is a test of its own below.

INSTANTIATE_TEST_SUITE_P(
    AppendixA, Rfc6902,
    testing::Values(
        Case{"A1", R"({"foo":"bar"})",
             R"([{"op":"add","path":"/baz","value":"qux"}])",
             R"({"baz":"qux","foo":"bar"})"},
        Case{"A2", R"({"foo":["bar","baz"]})",
             R"([{"op":"add","path":"/foo/1","value":"qux"}])",
             R"({"foo":["bar","qux","baz"]})"},
        Case{"A3", R"({"baz":"qux","foo":"bar"})",
             R"([{"op":"remove","path":"/baz"}])", R"({"foo":"bar"})"},
        Case{"A4", R"({"foo":["bar","qux","baz"]})",
             R"([{"op":"remove","path":"/foo/1"}])",
             R"({"foo":["bar","baz"]})"},
        Case{"A5", R"({"baz":"qux","foo":"bar"})",
             R"([{"op":"replace","path":"/baz","value":"boo"}])",
             R"({"baz":"boo","foo":"bar"})"},
        Case{"A6",
             R"({"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}})",
             R"([{"op":"move","from":"/foo/waldo","path":"/qux/thud"}])",
             R"({"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}})"},
        Case{"A7", R"({"foo":["all","grass","cows","eat"]})",
             R"([{"op":"move","from":"/foo/1","path":"/foo/3"}])",
             R"({"foo":["all","cows","eat","grass"]})"},
        equal("A8", R"({"baz":"qux","foo":["a",2,"c"]})",
              R"([{"op":"test","path":"/baz","value":"qux"},
                  {"op":"test","path":"/foo/1","value":2}])"),
        Case{"A9", R"({"baz":"qux"})",
             R"([{"op":"test","path":"/baz","value":"bar"}])", kDiffers},
        Case{"A10", R"({"foo":"bar"})",
             R"([{"op":"add","path":"/child","value":{"grandchild":{}}}])",
             R"({"foo":"bar","child":{"grandchild":{}}})"},
        Case{"A11", R"({"foo":"bar"})",
             R"([{"op":"add","path":"/baz","value":"qux","xyz":123}])",
             R"({"foo":"bar","baz":"qux"})"},
        Case{"A12", R"({"foo":"bar"})",
             R"([{"op":"add","path":"/baz/bat","value":"qux"}])", kMissing},
        equal("A14", R"({"/":9,"~1":10})",
              R"([{"op":"test","path":"/~01","value":10}])"),
        Case{"A15", R"({"/":9,"~1":10})",
             R"([{"op":"test","path":"/~01","value":"10"}])", kDiffers},
        Case{"A16", R"({"foo":["bar"]})",
             R"([{"op":"add","path":"/foo/-","value":["abc","def"]}])",
             R"({"foo":["bar",["abc","def"]]})"}),
    case_name);

TEST(AppendixA, A13) {
  // An operation has one "op": the parser refuses a text with two.
  const auto patch =
      parse_json(R"([{"op":"add","path":"/baz","value":"qux","op":"remove"}])");
  EXPECT_EQ(patch.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(
      absl::StrContains(patch.status().message(), R"("op" is there twice)"))
      << patch.status();
}

// Operations that the RFC calls functionally identical, and equality, for every
// location of a document with every other.

class EveryLocation : public testing::Test {
 protected:
  static v1::PatchOperation operation(const std::string& op,
                                      const std::string& path) {
    v1::PatchOperation operation;
    operation.set_op(op);
    operation.set_path(path);
    return operation;
  }
  static v1::PatchOperation operation(const std::string& op,
                                      const std::string& path,
                                      const Value& value) {
    v1::PatchOperation result = operation(op, path);
    *result.mutable_value() = value;
    return result;
  }
  static v1::PatchOperation operation_from(const std::string& op,
                                           const std::string& from,
                                           const std::string& path) {
    v1::PatchOperation result = operation(op, path);
    result.set_from(from);
    return result;
  }

  // Expects that both do the same to the document.
  void expect_identical(const v1::PatchOperation& operation,
                        const std::vector<v1::PatchOperation>& others) {
    Value actual = document_;
    const absl::Status status = apply_operation(operation, &actual);
    Value wanted = document_;
    const absl::Status wanted_status = apply_json_patch(others, &wanted);
    EXPECT_EQ(status.code(), wanted_status.code())
        << status << ", " << wanted_status;
    EXPECT_EQ(bytes(actual), bytes(wanted)) << operation.ShortDebugString();
  }

  const Value document_ = from_json(
      R"({"a":[1,{"b":null},[true,1]],"c":{"":"x","~/":{}},"0":2,"1":[]})");
  const std::vector<Location> locations_ = locations_of(document_);
  // Locations where a value can be added, and where none can.
  std::vector<std::string> targets() const {
    std::vector<std::string> targets = {
        "/a/-",   "/a/3", "/a/4",   "/a/01", "/a/1/c", "/a/2/2",
        "/a/2/3", "/d",   "/c/-",   "/1/0",  "/1/1",   "/1/-",
        "/0/x",   "/x/y", "/a/-/0", "/a/x",  "/a/3/b"};
    for (const Location& each : locations_) targets.push_back(each.pointer);
    return targets;
  }
};

TEST_F(EveryLocation, ReplaceIsRemoveThenAdd) {
  const Value value = from_json(R"({"new":[0]})");
  for (const std::string& path : targets()) {
    // An element past the last can be added, not removed.
    if (path.empty()) continue;
    expect_identical(
        operation("replace", path, value),
        {operation("remove", path), operation("add", path, value)});
  }
}

TEST_F(EveryLocation, MoveIsRemoveThenAdd) {
  for (const Location& from : locations_) {
    for (const std::string& path : targets()) {
      if (path == from.pointer || absl::StartsWith(path, from.pointer + "/")) {
        Value document = document_;
        EXPECT_EQ(apply_operation(operation_from("move", from.pointer, path),
                                  &document)
                      .code(),
                  path == from.pointer ? absl::StatusCode::kOk
                                       : absl::StatusCode::kInvalidArgument);
        EXPECT_EQ(bytes(document), bytes(document_));
        continue;
      }
      expect_identical(operation_from("move", from.pointer, path),
                       {operation("remove", from.pointer),
                        operation("add", path, from.value)});
    }
  }
}

TEST_F(EveryLocation, CopyIsAddOfItsValue) {
  for (const Location& from : locations_) {
    for (const std::string& path : targets()) {
      expect_identical(operation_from("copy", from.pointer, path),
                       {operation("add", path, from.value)});
    }
  }
}

TEST_F(EveryLocation, TestPassesForEqualValuesAlone) {
  for (const Location& here : locations_) {
    for (const Location& there : locations_) {
      Value document = document_;
      const absl::Status status = apply_operation(
          operation("test", here.pointer, there.value), &document);
      EXPECT_EQ(status.code(), bytes(here.value) == bytes(there.value)
                                   ? absl::StatusCode::kOk
                                   : absl::StatusCode::kFailedPrecondition)
          << here.pointer << " " << there.pointer;
    }
  }
}

}  // namespace
}  // namespace weir::patch
