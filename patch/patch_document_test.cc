#include "weir/patch/patch_document.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "google/protobuf/struct.pb.h"
#include "gtest/gtest.h"
#include "weir/patch/json_patch.h"
#include "weir/patch/testing/test_json.h"

namespace weir::patch {
namespace {

using ::google::protobuf::Value;
using ::testing::IsEmpty;
using Patch = std::vector<v1::PatchOperation>;

Patch read_patch(std::string_view json) {
  const auto patch = json_patch_from_json(json);
  EXPECT_TRUE(patch.ok()) << json << ": " << patch.status();
  return patch.ok() ? *patch : Patch();
}

std::string error(std::string_view json) {
  const auto patch = json_patch_from_json(json);
  EXPECT_EQ(patch.status().code(), absl::StatusCode::kInvalidArgument) << json;
  return std::string(patch.status().message());
}

TEST(JsonPatchFromJson, ReadsEveryOperation) {
  const Patch patch = read_patch(R"([
    {"op": "test", "path": "/a/b/c", "value": "foo"},
    {"op": "remove", "path": "/a/b/c"},
    {"op": "add", "path": "/a/b/c", "value": ["foo", "bar"]},
    {"path": "/a/b/c", "value": 42, "op": "replace"},
    {"op": "move", "from": "/a/b/c", "path": "/a/b/d"},
    {"op": "copy", "from": "", "path": "/a/b/e"}
  ])");
  ASSERT_EQ(patch.size(), 6u);
  EXPECT_EQ(patch[0].op(), "test");
  EXPECT_EQ(patch[0].path(), "/a/b/c");
  EXPECT_EQ(patch[0].value().string_value(), "foo");
  EXPECT_FALSE(patch[1].has_value());
  EXPECT_EQ(patch[2].value().list_value().values_size(), 2);
  EXPECT_EQ(patch[3].value().number_value(), 42);
  EXPECT_EQ(patch[4].from(), "/a/b/c");
  EXPECT_EQ(patch[5].from(), "");
  EXPECT_THAT(read_patch("[]"), IsEmpty());
}

TEST(JsonPatchFromJson, TellsNullFromAbsent) {
  const Patch patch = read_patch(
      R"([{"op":"add","path":"/a","value":null},{"op":"add","path":"/a"}])");
  ASSERT_EQ(patch.size(), 2u);
  EXPECT_TRUE(patch[0].has_value());
  EXPECT_TRUE(patch[0].value().has_null_value());
  EXPECT_FALSE(patch[1].has_value());

  // The engine takes the first and refuses the second.
  Value document;
  document.mutable_struct_value();
  EXPECT_EQ(apply_json_patch(patch, &document).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(apply_operation(patch[0], &document).ok());
  EXPECT_TRUE(document.struct_value().fields().at("a").has_null_value());
}

TEST(JsonPatchFromJson, IgnoresWhatIsNotDefinedForTheOperation) {
  const Patch patch =
      read_patch(R"([{"op":"remove","path":"/a","from":7,"xyz":{}}])");
  ASSERT_EQ(patch.size(), 1u);
  EXPECT_EQ(patch[0].from(), "");
}

TEST(JsonPatchFromJson, NamesWhatIsWrong) {
  constexpr char kNoArray[] = "expected a JSON Patch, an array of operations";
  EXPECT_EQ(error("{}"), kNoArray);
  EXPECT_EQ(error(R"({"patchOperations":[]})"), kNoArray);
  EXPECT_EQ(error("null"), kNoArray);
  EXPECT_EQ(error("["), "line 1, column 2: expected a value, found the end");
  EXPECT_EQ(error("[1]"), "operations[0]: expected an object");
  EXPECT_EQ(error("[[]]"), "operations[0]: expected an object");
  EXPECT_EQ(error(R"([{"op":"remove","path":""},{"path":"/a"}])"),
            "operations[1]: expected a member \"op\" that is a string");
  EXPECT_EQ(error(R"([{"op":1,"path":"/a"}])"),
            "operations[0]: expected a member \"op\" that is a string");
  EXPECT_EQ(error(R"([{"op":"add","path":null}])"),
            "operations[0]: expected a member \"path\" that is a string");
  for (const char* json :
       {R"([{"op":"copy","path":"/a"}])", R"([{"op":"move","path":"/a"}])",
        R"([{"op":"move","path":"/a","from":["b"]}])"}) {
    EXPECT_EQ(error(json),
              "operations[0]: expected a member \"from\" that is a string");
  }
  EXPECT_EQ(error(R"([{"op":"add","path":"/a","op":"remove"}])"),
            "line 1, column 26: member \"op\" is there twice");
  EXPECT_EQ(error(R"([{"op":"add","path":"","value":9007199254740993}])"),
            "line 1, column 32: integer \"9007199254740993\" has more digits "
            "than a double keeps: expected a string that holds it");
}

TEST(JsonPatchToJson, WritesWhatWasRead) {
  constexpr char kCompact[] =
      R"([{"op":"add","path":"/a","value":{"a":null,"b":[1,2.5]}},)"
      R"({"op":"remove","path":""},)"
      R"({"op":"copy","path":"/b","from":""},)"
      R"({"op":"test","path":"/~0~1","value":null}])";
  EXPECT_EQ(json_patch_to_json(read_patch(kCompact)), kCompact);
  constexpr char kPretty[] = R"([
  {"op":"add","path":"/a","value":{"a":1}},
  {"op":"remove","path":"/b"}
])";
  EXPECT_EQ(json_patch_to_json(read_patch(kPretty), JsonStyle::kPretty),
            kPretty);
  EXPECT_EQ(json_patch_to_json({}), "[]");
  EXPECT_EQ(json_patch_to_json({}, JsonStyle::kPretty), "[]");
}

}  // namespace
}  // namespace weir::patch
