#include "weir/plan/patch_paths.h"

namespace weir {

PatchOp patch_op(std::string_view name) {
  if (name == "add") return kAddOp;
  if (name == "replace") return kReplaceOp;
  if (name == "remove") return kRemoveOp;
  return kNoOp;
}

}  // namespace weir
