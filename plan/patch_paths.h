// What the patches of API Gateway's updates have in common. Each update has a
// table: which paths accept which operations.

#ifndef WEIR_PLAN_PATCH_PATHS_H_
#define WEIR_PLAN_PATCH_PATHS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "weir/base/text.h"
#include "weir/plan/plan_error.h"
#include "weir/proto/patch_operation.pb.h"

namespace weir {

// Bits of a set. No update accepts the other operations of JSON Patch.
enum PatchOp : unsigned {
  kNoOp = 0,
  kAddOp = 1,
  kReplaceOp = 2,
  kRemoveOp = 4,
};
inline constexpr unsigned kUpsertOps = kAddOp | kReplaceOp;

// kNoOp for the names of other operations.
PatchOp patch_op(std::string_view name);

// A row of a table. Rows of other types have these members too, and what the
// update needs to apply the operation.
struct PatchPath {
  std::string_view path;
  unsigned ops;
};

// Returns the row of `path` that accepts `op`; null if there is none.
template <class Row, std::size_t n>
const Row* find_row(const Row (&rows)[n], std::string_view path, PatchOp op) {
  for (const Row& row : rows) {
    if (row.path == path && (row.ops & op) != 0) return &row;
  }
  return nullptr;
}

// API Gateway's text for an operation that no row accepts. It lists the paths
// that accept `op`, in the order of the rows.
template <class Row, std::size_t n>
std::string invalid_path_text(const Row (&rows)[n], std::string_view path,
                              std::string_view op) {
  std::vector<std::string_view> supported;
  for (const Row& row : rows) {
    if ((row.ops & patch_op(op)) != 0) supported.push_back(row.path);
  }
  return aws_text::invalid_patch_path(path, op, supported);
}

// The same as an error.
template <class Row, std::size_t n>
absl::Status invalid_path(const Row (&rows)[n],
                          const v1::PatchOperation& operation) {
  const std::string text =
      invalid_path_text(rows, operation.path(), operation.op());
  return plan_error(absl::StatusCode::kInvalidArgument, text, text);
}

// Calls `apply` with each operation, in order, until one returns an error,
// which is returned with `operations[i]: ` before its message.
template <class Apply>
absl::Status apply_each(absl::Span<const v1::PatchOperation> operations,
                        Apply apply) {
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const absl::Status status = apply(operations[i]);
    if (status.ok()) continue;
    return internal::with_prefix(status, absl::StrCat("operations[", i, "]: "));
  }
  return absl::OkStatus();
}

}  // namespace weir

#endif  // WEIR_PLAN_PATCH_PATHS_H_
