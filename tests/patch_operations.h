// Builders of patch operations, for tests.

#ifndef WEIR_TESTS_PATCH_OPERATIONS_H_
#define WEIR_TESTS_PATCH_OPERATIONS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "weir/proto/patch_operation.pb.h"

namespace weir {

// Without a value.
inline v1::PatchOperation operation(std::string_view op,
                                    std::string_view path) {
  v1::PatchOperation result;
  result.set_op(std::string(op));
  result.set_path(std::string(path));
  return result;
}

inline v1::PatchOperation operation(std::string_view op, std::string_view path,
                                    std::string_view value) {
  v1::PatchOperation result = operation(op, path);
  result.mutable_value()->set_string_value(std::string(value));
  return result;
}

inline v1::PatchOperation replace(std::string_view path,
                                  std::string_view value) {
  return operation("replace", path, value);
}

// Clients of API Gateway send numbers as text.
inline v1::PatchOperation replace(std::string_view path, std::int64_t value) {
  return operation("replace", path, absl::StrCat(value));
}

}  // namespace weir

#endif  // WEIR_TESTS_PATCH_OPERATIONS_H_
