// Patches of messages with typed fields.

#include <limits>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "weir/patch/json_patch.h"
#include "weir/patch/testdata/every_field.pb.h"
#include "weir/patch/testing/test_json.h"

namespace weir::patch {
namespace {

using ::google::protobuf::util::MessageDifferencer;
using patch_test::Everything;

struct Case {
  const char* name;
  const char* document;  // proto3 JSON
  const char* patch;
  // The resulting document, or the beginning of an error.
  std::string result;
};

class Typed : public testing::TestWithParam<Case> {};

TEST_P(Typed, Patch) {
  const Everything before = from_json<Everything>(GetParam().document);
  Everything document = before;
  const absl::Status status =
      apply_json_patch(operations(GetParam().patch), &document);
  if (GetParam().result[0] == '{') {
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ(document.DebugString(),
              from_json<Everything>(GetParam().result).DebugString());
  } else {
    EXPECT_TRUE(absl::StartsWith(status.ToString(), GetParam().result))
        << status;
    EXPECT_EQ(bytes(document), bytes(before));
  }
}

std::string case_name(const testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    Scalars, Typed,
    testing::Values(
        Case{"FromNumbers", "{}",
             R"([{"op":"add","path":"/aDouble","value":0.5},
                 {"op":"add","path":"/aFloat","value":-1.5},
                 {"op":"add","path":"/anInt32","value":-2147483648},
                 {"op":"add","path":"/anInt64","value":-9223372036854775808},
                 {"op":"add","path":"/aUint32","value":4294967295},
                 {"op":"add","path":"/aUint64","value":18446744073709549568},
                 {"op":"add","path":"/aSint32","value":2e3},
                 {"op":"add","path":"/anSfixed64","value":1}])",
             R"({"aDouble":0.5,"aFloat":-1.5,"anInt32":-2147483648,
                 "anInt64":"-9223372036854775808","aUint32":4294967295,
                 "aUint64":"18446744073709549568","aSint32":2000,
                 "anSfixed64":"1"})"},
        Case{"FromStrings", "{}",
             R"([{"op":"add","path":"/aDouble","value":"1e-300"},
                 {"op":"add","path":"/aFloat","value":"3.4028235e+38"},
                 {"op":"add","path":"/anInt32","value":"2147483647"},
                 {"op":"add","path":"/anInt64","value":"9223372036854775807"},
                 {"op":"add","path":"/aUint32","value":"4294967295"},
                 {"op":"add","path":"/aUint64","value":"18446744073709551615"},
                 {"op":"add","path":"/aBool","value":"true"}])",
             R"({"aDouble":1e-300,"aFloat":3.4028235e+38,"anInt32":2147483647,
                 "anInt64":"9223372036854775807","aUint32":4294967295,
                 "aUint64":"18446744073709551615","aBool":true})"},
        Case{"FromTheirOwnTypes", "{}",
             R"([{"op":"add","path":"/aBool","value":true},
                 {"op":"add","path":"/aString","value":"\u00e9"},
                 {"op":"add","path":"/aBytes","value":"_-8="},
                 {"op":"add","path":"/colour","value":"GREEN"}])",
             R"({"aBool":true,"aString":"é","aBytes":"/+8=",
                 "colour":"GREEN"})"},
        Case{"EnumFromNumber", "{}",
             R"([{"op":"add","path":"/colour","value":1}])",
             R"({"colour":"RED"})"},
        Case{"ByProtoName", "{}",
             R"([{"op":"add","path":"/an_int64","value":5},
                 {"op":"add","path":"/odd_name","value":6},
                 {"op":"replace","path":"/renamed","value":7}])",
             R"({"anInt64":"5","renamed":7})"},
        Case{"ZeroExistsWithoutPresence", "{}",
             R"([{"op":"test","path":"/anInt64","value":0},
                 {"op":"test","path":"/aString","value":""},
                 {"op":"replace","path":"/anInt64","value":3}])",
             R"({"anInt64":"3"})"},
        Case{"RemoveSetsToZero", R"({"anInt64":"3"})",
             R"([{"op":"remove","path":"/anInt64"},
                 {"op":"remove","path":"/anInt64"}])",
             "{}"},
        Case{"NullClears", R"({"anInt64":"3","maybeInt64":"4"})",
             R"([{"op":"replace","path":"/anInt64","value":null},
                 {"op":"add","path":"/maybeInt64","value":null}])",
             "{}"},
        Case{"PresenceIsExistence", R"({"maybeInt64":"0"})",
             R"([{"op":"test","path":"/maybeInt64","value":"0"},
                 {"op":"remove","path":"/maybeInt64"},
                 {"op":"add","path":"/maybeString","value":""}])",
             R"({"maybeString":""})"},
        Case{"ReplaceNeedsPresence", "{}",
             R"([{"op":"replace","path":"/maybeInt64","value":1}])",
             R"(NOT_FOUND: operations[0] replace "/maybeInt64": )"
             R"(segment 0 "maybeInt64": the field is not set)"},
        Case{"RemoveNeedsPresence", "{}",
             R"([{"op":"remove","path":"/maybeInt64"}])",
             R"(NOT_FOUND: operations[0] remove "/maybeInt64")"},
        Case{"TestNeedsPresence", "{}",
             R"([{"op":"test","path":"/maybeInt64","value":null}])",
             R"(NOT_FOUND: operations[0] test "/maybeInt64")"},
        Case{"NullIsNotZero", "{}",
             R"([{"op":"test","path":"/anInt64","value":null}])",
             R"(FAILED_PRECONDITION: operations[0] test "/anInt64": )"
             "expected null, found number 0"},
        Case{"TestReadsTheType", R"({"anInt64":"10","colour":"RED"})",
             R"([{"op":"test","path":"/anInt64","value":10},
                 {"op":"test","path":"/anInt64","value":"10"},
                 {"op":"test","path":"/colour","value":"RED"},
                 {"op":"test","path":"/colour","value":1}])",
             R"({"anInt64":"10","colour":"RED"})"},
        Case{"TestOfAnotherTypeDiffers", R"({"anInt64":"10"})",
             R"([{"op":"test","path":"/anInt64","value":[10]}])",
             R"(FAILED_PRECONDITION: operations[0] test "/anInt64": )"
             "expected an array, found number 10"},
        Case{"NoSuchField", "{}", R"([{"op":"add","path":"/nope","value":1}])",
             R"(NOT_FOUND: operations[0] add "/nope": segment 0 "nope": )"
             "there is no such member"},
        Case{"ScalarHasNoMembers", R"({"anInt32":7})",
             R"([{"op":"add","path":"/anInt32/x","value":1}])",
             R"(NOT_FOUND: operations[0] add "/anInt32/x": segment 1 "x": )"
             "number 7 has no members"}),
    case_name);

// A value that its field refuses, and why.
struct Refusal {
  const char* field;
  const char* value;
  const char* error;
};

class TypedRefuses : public testing::TestWithParam<Refusal> {};

TEST_P(TypedRefuses, TheValue) {
  const auto& [field, value, error] = GetParam();
  Everything document = from_json<Everything>(R"({"children":[{}]})");
  const Everything before = document;
  const absl::Status status = apply_json_patch(
      operations(absl::StrCat(R"([{"op":"add","path":"/)", field,
                              R"(","value":)", value, "}]")),
      &document);
  EXPECT_EQ(status, absl::InvalidArgumentError(absl::StrCat(
                        R"(operations[0] add "/)", field, "\": ", error)));
  EXPECT_EQ(bytes(document), bytes(before));
}

INSTANTIATE_TEST_SUITE_P(
    Values, TypedRefuses,
    testing::Values(
        Refusal{"anInt64", R"("abc")",
                "expected an integer in "
                "-9223372036854775808..9223372036854775807, got string "
                R"("abc")"},
        Refusal{"anInt64", "9223372036854775808",
                "expected an integer in "
                "-9223372036854775808..9223372036854775807, got number "
                "9223372036854775808"},
        Refusal{"anInt64", R"("9223372036854775808")",
                "expected an integer in "
                "-9223372036854775808..9223372036854775807, got string "
                R"("9223372036854775808")"},
        Refusal{"anInt32", "2147483648",
                "expected an integer in -2147483648..2147483647, got number "
                "2147483648"},
        Refusal{"anInt32", "0.5",
                "expected an integer in -2147483648..2147483647, got number "
                "0.5"},
        Refusal{"anInt32", R"("")",
                "expected an integer in -2147483648..2147483647, got string "
                R"("")"},
        Refusal{"anInt32", R"(" 1")",
                "expected an integer in -2147483648..2147483647, got string "
                R"(" 1")"},
        Refusal{"anInt32", R"("1 ")",
                "expected an integer in -2147483648..2147483647, got string "
                R"("1 ")"},
        Refusal{"anInt32", R"("+1")",
                "expected an integer in -2147483648..2147483647, got string "
                R"("+1")"},
        Refusal{"anInt32", R"("0x1")",
                "expected an integer in -2147483648..2147483647, got string "
                R"("0x1")"},
        Refusal{"anInt32", "true",
                "expected an integer in -2147483648..2147483647, got true"},
        Refusal{"anInt32", "[]",
                "expected an integer in -2147483648..2147483647, got an array"},
        Refusal{"aUint32", "-1",
                "expected an integer in 0..4294967295, got number -1"},
        Refusal{"aUint32", R"("-1")",
                R"(expected an integer in 0..4294967295, got string "-1")"},
        Refusal{"aUint64", "18446744073709551616",
                "expected an integer in 0..18446744073709551615, got number "
                "18446744073709551616"},
        Refusal{"aDouble", R"("NaN")",
                R"(expected a finite number, got string "NaN")"},
        Refusal{"aDouble", R"("Infinity")",
                R"(expected a finite number, got string "Infinity")"},
        Refusal{"aDouble", R"("1e999")",
                R"(expected a finite number, got string "1e999")"},
        Refusal{"aDouble", R"("1,5")",
                R"(expected a finite number, got string "1,5")"},
        Refusal{"aFloat", "3.5e38",
                "expected a number that fits a 32-bit float, got number "
                "3.5e+38"},
        Refusal{"aBool", R"("yes")",
                R"(expected true or false, got string "yes")"},
        Refusal{"aBool", "1", "expected true or false, got number 1"},
        Refusal{"aString", "1", "expected a string, got number 1"},
        Refusal{"aString", "{}", "expected a string, got an object"},
        Refusal{"aBytes", R"("!")",
                R"(expected a string in base64, got string "!")"},
        Refusal{"colour", R"("BLUE")",
                "expected one of RED, GREEN, got "
                R"(string "BLUE")"},
        Refusal{"colour", "3",
                "expected one of RED, GREEN, got "
                "number 3"},
        Refusal{"child", "1", "expected an object, got number 1"},
        Refusal{"child", "[]", "expected an object, got an array"},
        Refusal{"child", R"({"nope":1})", "/nope: there is no such member"},
        Refusal{"child", R"({"child":{"anInt32":true}})",
                "/child/anInt32: expected an integer in "
                "-2147483648..2147483647, got true"},
        Refusal{"child", R"({"anInt32":1,"an_int32":2})",
                "/an_int32: the member has another value already"},
        Refusal{"child", R"({"chosenInt64":1,"chosenString":""})",
                "/chosenString: the member has another value already"},
        Refusal{"int64s", "{}", "expected an array, got an object"},
        Refusal{"int64s", R"([1,"x"])",
                "/1: expected an integer in "
                "-9223372036854775808..9223372036854775807, got string "
                R"("x")"},
        Refusal{"int64s/-", "null",
                "expected an integer in "
                "-9223372036854775808..9223372036854775807, got null"},
        Refusal{"children/-", "null", "expected an object, got null"},
        Refusal{"children/0", "null", "expected an object, got null"},
        Refusal{"childMap", "[]", "expected an object, got an array"},
        Refusal{"childMap/1", "null", "expected an object, got null"},
        Refusal{"childMap/x", "{}",
                R"(segment 1 "x": expected an integer in )"
                R"(-2147483648..2147483647 for a key, got "x")"},
        Refusal{"childMap/01", "{}",
                R"(segment 1 "01": expected an integer in )"
                R"(-2147483648..2147483647 for a key, got "01")"},
        Refusal{"childMap", R"({"01":{}})",
                "/01: expected an integer in "
                R"(-2147483648..2147483647 for a key, got "01")"},
        Refusal{
            "boolMap/yes", "1",
            R"(segment 1 "yes": expected true or false for a key, got "yes")"},
        Refusal{"boxedInt64", R"("x")",
                "expected an integer in "
                "-9223372036854775808..9223372036854775807, got string "
                R"("x")"},
        Refusal{"boxedInt32s", "[null]",
                "/0: expected an integer in "
                "-2147483648..2147483647, got null"},
        Refusal{"timestamp", R"("today")",
                "expected the JSON form of google.protobuf.Timestamp, got "
                R"(string "today")"},
        Refusal{"timestamp", "5",
                "expected the JSON form of google.protobuf.Timestamp, got "
                "number 5"},
        Refusal{"timestamps", "[null]",
                "/0: expected the JSON form of "
                "google.protobuf.Timestamp, got null"},
        Refusal{"duration", R"("1")",
                "expected the JSON form of google.protobuf.Duration, got "
                R"(string "1")"},
        Refusal{"any", R"({"value":1})",
                "expected the JSON form of google.protobuf.Any, got an object"},
        Refusal{"struct", "[]", "expected an object, got an array"},
        Refusal{"list", "{}", "expected an array, got an object"},
        Refusal{"null", "1",
                "expected null, got "
                "number 1"}));

INSTANTIATE_TEST_SUITE_P(
    Messages, Typed,
    testing::Values(
        Case{"AddMakesOne", "{}",
             R"([{"op":"add","path":"/child","value":{}},
                 {"op":"add","path":"/child/anInt32","value":1}])",
             R"({"child":{"anInt32":1}})"},
        Case{"AddNeedsItsParent", "{}",
             R"([{"op":"add","path":"/child/anInt32","value":1}])",
             R"(NOT_FOUND: operations[0] add "/child/anInt32": )"
             R"(segment 0 "child": the field is not set)"},
        Case{"AddReplaces", R"({"child":{"anInt32":1,"aString":"x"}})",
             R"([{"op":"add","path":"/child","value":{"aBool":true}}])",
             R"({"child":{"aBool":true}})"},
        Case{"NullMembersAreAbsent", "{}",
             R"([{"op":"add","path":"/child","value":
                  {"anInt32":null,"child":null,"int64s":null,"childMap":null,
                   "chosenInt64":null,"chosenString":"x"}}])",
             R"({"child":{"chosenString":"x"}})"},
        Case{"ReplaceWithNull", R"({"child":{"anInt32":1}})",
             R"([{"op":"replace","path":"/child","value":null}])", "{}"},
        Case{"Remove", R"({"child":{"child":{"anInt32":1}}})",
             R"([{"op":"remove","path":"/child/child"}])", R"({"child":{}})"},
        Case{"MoveToAnotherField", R"({"child":{"anInt32":1}})",
             R"([{"op":"move","from":"/child","path":"/chosenChild"}])",
             R"({"chosenChild":{"anInt32":1}})"},
        Case{"MoveIntoItsChildByAnotherName", R"({"chosenChild":{"child":{}}})",
             R"([{"op":"move","from":"/chosenChild","path":
                  "/chosen_child/child"}])",
             R"(INVALID_ARGUMENT: operations[0] move "/chosen_child/child": )"
             "a value cannot be moved into one of its own children"},
        Case{"MoveToItselfByAnotherName", R"({"chosenChild":{"anInt32":2}})",
             R"([{"op":"move","from":"/chosenChild","path":"/chosen_child"}])",
             R"({"chosenChild":{"anInt32":2}})"},
        Case{"OneofMembersExcludeEachOther", R"({"chosenString":"x"})",
             R"([{"op":"add","path":"/chosenInt64","value":"0"}])",
             R"({"chosenInt64":"0"})"},
        Case{"OneofReplaceNeedsTheSetMember", R"({"chosenString":"x"})",
             R"([{"op":"replace","path":"/chosenInt64","value":1}])",
             R"(NOT_FOUND: operations[0] replace "/chosenInt64": )"},
        Case{"TestComparesDeeply",
             R"({"child":{"anInt64":"5","int64s":["1"],"childMap":{"7":{}}}})",
             R"([{"op":"test","path":"/child","value":
                  {"childMap":{"7":{"aBool":false}},"int64s":[1],
                   "an_int64":5}}])",
             R"({"child":{"anInt64":"5","int64s":["1"],"childMap":{"7":{}}}})"},
        Case{"TestSeesAnEmptyMessage", R"({"child":{"child":{}}})",
             R"([{"op":"test","path":"/child","value":{}}])",
             R"(FAILED_PRECONDITION: operations[0] test "/child": )"},
        Case{"TestOfUnknownMemberDiffers", R"({"child":{}})",
             R"([{"op":"test","path":"/child","value":{"nope":1}}])",
             R"(FAILED_PRECONDITION: operations[0] test "/child": )"},
        Case{"Document", R"({"anInt32":1})",
             R"([{"op":"replace","path":"","value":{"aString":"x"}},
                 {"op":"test","path":"","value":{"aString":"x"}}])",
             R"({"aString":"x"})"},
        Case{"DocumentIsAnObject", R"({"anInt32":1})",
             R"([{"op":"replace","path":"","value":null}])",
             R"(INVALID_ARGUMENT: operations[0] replace "": )"
             "expected an object, got null"},
        Case{"ChildBecomesDocument", R"({"child":{"anInt32":1},"aBool":true})",
             R"([{"op":"copy","from":"/child","path":""}])",
             R"({"anInt32":1})"},
        Case{"DocumentBecomesChild", R"({"anInt32":1})",
             R"([{"op":"copy","from":"","path":"/child"}])",
             R"({"anInt32":1,"child":{"anInt32":1}})"}),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    Repeated, Typed,
    testing::Values(
        Case{"EmptyExists", "{}",
             R"([{"op":"test","path":"/int64s","value":[]},
                 {"op":"add","path":"/int64s/-","value":"1"}])",
             R"({"int64s":["1"]})"},
        Case{"ScalarsInserted",
             R"({"int64s":["1","2"],"strings":["a","b"],"doubles":[1,2],
                 "bools":[true,true],"colours":["RED","RED"]})",
             R"([{"op":"add","path":"/int64s/0","value":9},
                 {"op":"add","path":"/strings/1","value":"x"},
                 {"op":"add","path":"/doubles/2","value":"0.5"},
                 {"op":"add","path":"/bools/1","value":false},
                 {"op":"add","path":"/colours/0","value":"GREEN"}])",
             R"({"int64s":["9","1","2"],"strings":["a","x","b"],
                 "doubles":[1,2,0.5],"bools":[true,false,true],
                 "colours":["GREEN","RED","RED"]})"},
        Case{"MessagesInserted",
             R"({"children":[{"anInt32":1},{"anInt32":2}]})",
             R"([{"op":"add","path":"/children/1","value":{"anInt32":3}},
                 {"op":"add","path":"/children/-","value":{}}])",
             R"({"children":[{"anInt32":1},{"anInt32":3},{"anInt32":2},{}]})"},
        Case{"ElementReplaced", R"({"children":[{"anInt32":1},{"anInt32":2}]})",
             R"([{"op":"replace","path":"/children/1","value":{"aBool":true}},
                 {"op":"add","path":"/children/0/aString","value":"x"}])",
             R"({"children":[{"anInt32":1,"aString":"x"},{"aBool":true}]})"},
        Case{"ElementRemoved", R"({"int64s":["1","2","3"]})",
             R"([{"op":"remove","path":"/int64s/0"}])",
             R"({"int64s":["2","3"]})"},
        Case{"ElementMoved", R"({"children":[{"anInt32":1},{"anInt32":2}]})",
             R"([{"op":"move","from":"/children/0","path":"/children/1"}])",
             R"({"children":[{"anInt32":2},{"anInt32":1}]})"},
        Case{"WholeReplaced", R"({"int64s":["1","2","3"]})",
             R"([{"op":"replace","path":"/int64s","value":[4]}])",
             R"({"int64s":["4"]})"},
        Case{"WholeCleared", R"({"int64s":["1"],"strings":["a"]})",
             R"([{"op":"remove","path":"/int64s"},
                 {"op":"add","path":"/strings","value":null}])",
             "{}"},
        Case{"OutOfRange", R"({"int64s":["1"]})",
             R"([{"op":"add","path":"/int64s/2","value":1}])",
             R"(NOT_FOUND: operations[0] add "/int64s/2": segment 1 "2": )"
             "the array has 1 element"},
        Case{"BetweenTypes", R"({"int64s":["1","2"]})",
             R"([{"op":"copy","from":"/int64s","path":"/strings"},
                 {"op":"copy","from":"/int64s","path":"/doubles"},
                 {"op":"copy","from":"/int64s/1","path":"/anInt32"},
                 {"op":"copy","from":"/anInt32","path":"/maybeInt64"}])",
             R"({"int64s":["1","2"],"strings":["1","2"],"doubles":[1,2],
                 "anInt32":2,"maybeInt64":"2"})"},
        Case{"BytesAreNoText", R"({"aBytes":"//8=","boxedBytes":"AAE="})",
             R"([{"op":"copy","from":"/aBytes","path":"/aString"},
                 {"op":"copy","from":"/aString","path":"/boxedBytes"}])",
             R"({"aBytes":"//8=","aString":"//8=","boxedBytes":"//8="})"}),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    Maps, Typed,
    testing::Values(
        Case{"EmptyExists", "{}",
             R"([{"op":"test","path":"/stringMap","value":{}},
                 {"op":"add","path":"/stringMap/~1a~1b","value":"x"}])",
             R"({"stringMap":{"/a/b":"x"}})"},
        Case{"KeysOfEachType", "{}",
             R"([{"op":"add","path":"/childMap/-5","value":{"aBool":true}},
                 {"op":"add","path":"/boolMap/true","value":1},
                 {"op":"add","path":"/colourMap/18446744073709551615",
                  "value":"RED"},
                 {"op":"add","path":"/valueMap/","value":null},
                 {"op":"add","path":"/childMap/-5/anInt32","value":1}])",
             R"({"childMap":{"-5":{"aBool":true,"anInt32":1}},
                 "boolMap":{"true":"1"},
                 "colourMap":{"18446744073709551615":"RED"},
                 "valueMap":{"":null}})"},
        Case{"AddReplacesTheEntry", R"({"childMap":{"1":{"anInt32":1}}})",
             R"([{"op":"add","path":"/childMap/1","value":{"aBool":true}}])",
             R"({"childMap":{"1":{"aBool":true}}})"},
        Case{"ReplaceNeedsTheEntry", R"({"stringMap":{"a":"1"}})",
             R"([{"op":"replace","path":"/stringMap/b","value":"2"}])",
             R"(NOT_FOUND: operations[0] replace "/stringMap/b": )"
             R"(segment 1 "b": the object has no such member)"},
        Case{"RemoveEachOfThree", R"({"stringMap":{"a":"1","b":"2","c":"3"}})",
             R"([{"op":"remove","path":"/stringMap/a"},
                 {"op":"test","path":"/stringMap","value":{"b":"2","c":"3"}},
                 {"op":"remove","path":"/stringMap/c"},
                 {"op":"test","path":"/stringMap/b","value":"2"},
                 {"op":"remove","path":"/stringMap/b"},
                 {"op":"test","path":"/stringMap","value":{}}])",
             "{}"},
        Case{"MoveRenames", R"({"childMap":{"1":{"anInt32":1},"2":{}}})",
             R"([{"op":"move","from":"/childMap/1","path":"/childMap/3"}])",
             R"({"childMap":{"2":{},"3":{"anInt32":1}}})"},
        Case{"MoveIntoItsChild", R"({"childMap":{"1":{}}})",
             R"([{"op":"move","from":"/childMap/1","path":
                  "/child_map/1/child"}])",
             R"(INVALID_ARGUMENT: operations[0] move "/child_map/1/child": )"},
        Case{"WholeReplaced", R"({"stringMap":{"a":"1","b":"2"}})",
             R"([{"op":"replace","path":"/stringMap","value":{"c":"3"}}])",
             R"({"stringMap":{"c":"3"}})"},
        Case{"BetweenTypes", R"({"childMap":{"1":{"anInt32":5}}})",
             R"([{"op":"copy","from":"/childMap","path":"/valueMap"},
                 {"op":"copy","from":"/childMap","path":"/struct"}])",
             R"({"childMap":{"1":{"anInt32":5}},
                 "valueMap":{"1":{"anInt32":5}},
                 "struct":{"1":{"anInt32":5}}})"}),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    WellKnown, Typed,
    testing::Values(
        Case{"Times", "{}",
             R"([{"op":"add","path":"/timestamp","value":
                  "2024-02-29T12:00:00.5Z"},
                 {"op":"add","path":"/duration","value":"-1.5s"},
                 {"op":"add","path":"/timestamps/-","value":
                  "1970-01-01T00:00:00Z"},
                 {"op":"test","path":"/duration","value":"-1.500s"},
                 {"op":"test","path":"/timestamp","value":
                  "2024-02-29T13:00:00.500+01:00"}])",
             R"({"timestamp":"2024-02-29T12:00:00.500Z","duration":"-1.500s",
                 "timestamps":["1970-01-01T00:00:00Z"]})"},
        Case{"TimesDiffer", R"({"duration":"1s"})",
             R"([{"op":"test","path":"/duration","value":"2s"}])",
             R"(FAILED_PRECONDITION: operations[0] test "/duration": )"
             R"(expected string "2s", found a google.protobuf.Duration)"},
        Case{"TimeAsText", R"({"duration":"1s"})",
             R"([{"op":"copy","from":"/duration","path":"/aString"},
                 {"op":"copy","from":"/duration","path":"/value"},
                 {"op":"copy","from":"/aString","path":"/chosenString"}])",
             R"({"duration":"1s","aString":"1s","value":"1s",
                 "chosenString":"1s"})"},
        Case{
            "TimeHasNoMembers", R"({"duration":"1s"})",
            R"([{"op":"replace","path":"/duration/seconds","value":2}])",
            R"(NOT_FOUND: operations[0] replace "/duration/seconds": )"
            R"(segment 1 "seconds": a google.protobuf.Duration has no members)"},
        Case{"FieldMask", "{}",
             R"([{"op":"add","path":"/fieldMask","value":"a.bC,d"}])",
             R"({"fieldMask":"a.bC,d"})"},
        Case{"AnyWithAMemberTooMany", "{}",
             R"([{"op":"add","path":"/any","value":
                  {"@type":"type.googleapis.com/google.protobuf.Duration",
                   "a":1,"value":"2s"}}])",
             R"(INVALID_ARGUMENT: operations[0] add "/any": )"
             "expected the JSON form of google.protobuf.Any, got an object"},
        Case{"AnyOfUnknownType", "{}",
             R"([{"op":"add","path":"/any","value":
                  {"@type":"type.googleapis.com/no.Such"}}])",
             R"(INVALID_ARGUMENT: operations[0] add "/any": )"
             "expected the JSON form of google.protobuf.Any, got an object"},
        Case{"AnyOfAWrongValue", "{}",
             R"([{"op":"add","path":"/any","value":
                  {"@type":"type.googleapis.com/google.protobuf.Int32Value",
                   "value":"x"}}])",
             R"(INVALID_ARGUMENT: operations[0] add "/any": expected an )"
             R"(integer in -2147483648..2147483647, got string "x")"},
        Case{"AnyOfNothing", R"({"any":{"@type":
              "type.googleapis.com/google.protobuf.Duration","value":"3s"}})",
             R"([{"op":"replace","path":"/any","value":{}}])", R"({"any":{}})"},
        Case{"AnyInAny", "{}",
             R"([{"op":"add","path":"/any","value":
                  {"@type":"type.googleapis.com/google.protobuf.Any",
                   "value":
                    {"@type":"type.googleapis.com/weir.patch_test.Everything",
                     "anInt32":5}}}])",
             R"({"any":{"@type":"type.googleapis.com/google.protobuf.Any",
                  "value":
                    {"@type":"type.googleapis.com/weir.patch_test.Everything",
                     "anInt32":5}}})"},
        Case{"Any", "{}",
             R"([{"op":"add","path":"/any","value":
                  {"@type":"type.googleapis.com/google.protobuf.Duration",
                   "value":"3s"}},
                 {"op":"copy","from":"/any","path":"/value"},
                 {"op":"test","path":"/any","value":
                  {"value":"3s","@type":
                   "type.googleapis.com/google.protobuf.Duration"}}])",
             R"({"any":{"@type":"type.googleapis.com/google.protobuf.Duration",
                        "value":"3s"},
                 "value":{"@type":
                   "type.googleapis.com/google.protobuf.Duration",
                   "value":"3s"}})"},
        Case{"Wrappers", "{}",
             R"([{"op":"add","path":"/boxedInt64","value":"0"},
                 {"op":"add","path":"/boxedString","value":""},
                 {"op":"add","path":"/boxedBytes","value":"AA"},
                 {"op":"add","path":"/boxedBool","value":"false"},
                 {"op":"add","path":"/boxedDouble","value":2},
                 {"op":"add","path":"/boxedInt32s","value":[1,"2"]},
                 {"op":"replace","path":"/boxedInt64","value":5},
                 {"op":"test","path":"/boxedInt64","value":5},
                 {"op":"test","path":"/boxedInt32s/1","value":2}])",
             R"({"boxedInt64":"5","boxedString":"","boxedBytes":"AA==",
                 "boxedBool":false,"boxedDouble":2,"boxedInt32s":[1,2]})"},
        Case{"WrapperCleared", R"({"boxedInt64":"0","boxedBool":true})",
             R"([{"op":"replace","path":"/boxedInt64","value":null},
                 {"op":"remove","path":"/boxedBool"}])",
             "{}"},
        Case{"WrapperAbsent", "{}",
             R"([{"op":"replace","path":"/boxedInt64","value":1}])",
             R"(NOT_FOUND: operations[0] replace "/boxedInt64": )"},
        Case{"FreeJson", "{}",
             R"([{"op":"add","path":"/struct","value":{"a":[1]}},
                 {"op":"add","path":"/struct/a/0","value":{"b":null}},
                 {"op":"add","path":"/list","value":[]},
                 {"op":"add","path":"/list/-","value":null},
                 {"op":"add","path":"/value","value":null},
                 {"op":"add","path":"/values/-","value":null},
                 {"op":"add","path":"/values/0","value":{"x":1}}])",
             R"({"struct":{"a":[{"b":null},1]},"list":[null],"value":null,
                 "values":[{"x":1},null]})"},
        Case{"FreeJsonCleared", R"({"struct":{"a":1},"list":[1],"value":2})",
             R"([{"op":"replace","path":"/struct","value":null},
                 {"op":"add","path":"/list","value":null},
                 {"op":"remove","path":"/value"}])",
             "{}"},
        Case{"NullField", "{}",
             R"([{"op":"add","path":"/null","value":null},
                 {"op":"test","path":"/null","value":null},
                 {"op":"copy","from":"/null","path":"/value"}])",
             R"({"value":null})"},
        Case{"TypedToFree",
             R"({"child":{"anInt64":"9007199254740993","colour":"RED",
                          "aFloat":0.5,"aBytes":"AA==","duration":"1s",
                          "boxedBool":false,"maybeInt64":"0",
                          "stringMap":{"k":"v"},"anInt32":0}})",
             R"([{"op":"move","from":"/child","path":"/value"}])",
             R"({"value":{"anInt64":"9007199254740993","colour":"RED",
                          "aFloat":0.5,"aBytes":"AA==","duration":"1s",
                          "boxedBool":false,"maybeInt64":"0",
                          "stringMap":{"k":"v"}}})"},
        Case{"FreeToTyped",
             R"({"value":{"anInt64":"9007199254740993","colour":"RED",
                          "child":{"values":[1,null]}}})",
             R"([{"op":"move","from":"/value","path":"/child"}])",
             R"({"child":{"anInt64":"9007199254740993","colour":"RED",
                          "child":{"values":[1,null]}}})"},
        Case{"FreeToTypedMisfit", R"({"value":{"anInt64":[]}})",
             R"([{"op":"copy","from":"/value","path":"/child"}])",
             R"(INVALID_ARGUMENT: operations[0] copy "/child": )"
             "/anInt64: expected an integer"}),
    case_name);

TEST(TypedPatch, KeepsUnknownFieldsOfWhatItMovesAndLeaves) {
  Everything full;
  full.set_a_string("unknown to the old program");
  patch_test::OldFamily family;
  family.add_members()->ParseFromString(full.SerializeAsString());
  family.add_members()->set_an_int64(2);
  ASSERT_TRUE(apply_json_patch(operations(R"([{"op":"move","from":"/members/0",
                                  "path":"/members/1"},
                                 {"op":"copy","from":"/members/1",
                                  "path":"/members/-"},
                                 {"op":"add","path":"/members/1/anInt64",
                                  "value":1},
                                 {"op":"test","path":"/members/2",
                                  "value":{}}])"),
                               &family)
                  .ok());
  ASSERT_EQ(family.members_size(), 3);
  EXPECT_EQ(family.members(0).an_int64(), 2);
  full.set_an_int64(1);
  Everything kept;
  kept.ParseFromString(family.members(1).SerializeAsString());
  EXPECT_TRUE(MessageDifferencer::Equals(kept, full));
  full.clear_an_int64();
  kept.ParseFromString(family.members(2).SerializeAsString());
  EXPECT_TRUE(MessageDifferencer::Equals(kept, full));
}

TEST(TypedPatch, MovesWhatJsonCannotShow) {
  Everything document;
  document.set_a_double(std::numeric_limits<double>::quiet_NaN());
  document.set_colour(static_cast<patch_test::Colour>(77));
  document.add_doubles(std::numeric_limits<double>::infinity());
  ASSERT_TRUE(
      apply_json_patch(
          operations(R"([{"op":"move","from":"/aDouble","path":"/doubles/-"},
                         {"op":"copy","from":"/colour","path":"/colours/-"}])"),
          &document)
          .ok());
  ASSERT_EQ(document.doubles_size(), 2);
  EXPECT_EQ(document.doubles(0), std::numeric_limits<double>::infinity());
  EXPECT_NE(document.doubles(1), document.doubles(1));
  EXPECT_EQ(document.a_double(), 0);
  EXPECT_EQ(static_cast<int>(document.colours(0)), 77);
}

TEST(TypedPatch, TestDoesNotMakeWhatItLooksAt) {
  Everything document;
  const auto patch = operations(R"([{"op":"test","path":"/children","value":[]},
                     {"op":"add","path":"/child","value":null}])");
  ASSERT_TRUE(apply_json_patch(patch, &document).ok());
  EXPECT_FALSE(document.has_child());
}

}  // namespace
}  // namespace weir::patch
