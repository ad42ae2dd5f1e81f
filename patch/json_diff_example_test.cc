// The example of docs/patch.md, verbatim.

#include "absl/status/status.h"
#include "google/protobuf/struct.pb.h"
#include "gtest/gtest.h"
#include "weir/patch/json_diff.h"
#include "weir/patch/json_patch.h"
#include "weir/patch/testing/test_json.h"

namespace {

// Applies to `theirs` the changes from `ours` to `edited`, all or none.
absl::Status merge(const google::protobuf::Struct& ours,
                   const google::protobuf::Struct& edited,
                   google::protobuf::Struct* theirs) {
  auto patch = weir::patch::json_diff(ours, edited);
  if (!patch.ok()) return patch.status();
  return weir::patch::apply_json_patch(*patch, theirs);
}

google::protobuf::Struct json(const char* text) {
  return weir::patch::from_json<google::protobuf::Struct>(text);
}

TEST(Example, Merges) {
  const auto ours = json(R"({"name":"a long name","tags":["a","b"]})");
  const auto edited = json(R"({"name":"a long name","tags":["a","b","c"]})");
  auto theirs = json(R"({"name":"another","tags":["a","b"]})");
  ASSERT_TRUE(merge(ours, edited, &theirs).ok());
  EXPECT_EQ(
      weir::patch::bytes(theirs),
      weir::patch::bytes(json(R"({"name":"another","tags":["a","b","c"]})")));

  auto without = json(R"({"name":"another"})");
  EXPECT_EQ(merge(ours, edited, &without).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(weir::patch::bytes(without),
            weir::patch::bytes(json(R"({"name":"another"})")));
}

}  // namespace
