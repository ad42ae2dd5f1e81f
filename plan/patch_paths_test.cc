#include "weir/plan/patch_paths.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "weir/plan/plan_error.h"
#include "weir/proto/patch_operation.pb.h"

namespace weir {
namespace {

constexpr PatchPath kRows[] = {
    {"/name", kReplaceOp},
    {"/stages", kAddOp},
    {"/stages", kRemoveOp},
    {"/limit", kUpsertOps},
};

v1::PatchOperation operation(const std::string& op, const std::string& path) {
  v1::PatchOperation operation;
  operation.set_op(op);
  operation.set_path(path);
  return operation;
}

TEST(PatchPaths, OperationFindsTheRowThatAcceptsIt) {
  EXPECT_EQ(find_row(kRows, "/name", patch_op("replace")), &kRows[0]);
  EXPECT_EQ(find_row(kRows, "/stages", patch_op("add")), &kRows[1]);
  EXPECT_EQ(find_row(kRows, "/stages", patch_op("remove")), &kRows[2]);
  EXPECT_EQ(find_row(kRows, "/limit", patch_op("add")), &kRows[3]);
  EXPECT_EQ(find_row(kRows, "/limit", patch_op("replace")), &kRows[3]);
}

TEST(PatchPaths, OtherOperationsAndPathsFindNone) {
  for (const char* op : {"test", "move", "copy", "Add", "add ", ""}) {
    EXPECT_EQ(patch_op(op), kNoOp) << op;
  }
  for (const PatchPath& row : kRows) {
    EXPECT_EQ(find_row(kRows, row.path, kNoOp), nullptr);
  }
  EXPECT_EQ(find_row(kRows, "/name", kAddOp), nullptr);
  EXPECT_EQ(find_row(kRows, "/stages", kReplaceOp), nullptr);
  EXPECT_EQ(find_row(kRows, "/limit/", kAddOp), nullptr);
  EXPECT_EQ(find_row(kRows, "", kAddOp), nullptr);
}

TEST(PatchPaths, ErrorListsThePathsOfTheOperation) {
  const absl::Status status = invalid_path(kRows, operation("add", "/name"));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(),
            "Invalid patch path  '/name' specified for op 'add'. Must be one "
            "of: [/stages, /limit]");
  EXPECT_EQ(aws_message(status), status.message());
  EXPECT_EQ(invalid_path(kRows, operation("test", "/name")).message(),
            "Invalid patch path  '/name' specified for op 'test'. Must be one "
            "of: []");
}

TEST(PatchPaths, FirstErrorEndsThePatchAndSaysWhichOperationItWas) {
  const std::vector<v1::PatchOperation> operations = {
      operation("add", "/a"), operation("add", "/b"), operation("add", "/c")};
  std::string applied;
  const auto apply = [&](const std::string& bad) {
    applied.clear();
    return apply_each(operations, [&](const v1::PatchOperation& operation) {
      applied += operation.path();
      return operation.path() == bad
                 ? plan_error(absl::StatusCode::kNotFound, "ours", "AWS's")
                 : absl::OkStatus();
    });
  };
  EXPECT_TRUE(apply("").ok());
  EXPECT_EQ(applied, "/a/b/c");
  const absl::Status status = apply("/b");
  EXPECT_EQ(applied, "/a/b");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "operations[1]: ours");
  EXPECT_EQ(aws_message(status), "AWS's");
}

}  // namespace
}  // namespace weir
