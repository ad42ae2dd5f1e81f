// Method keys: how a usage plan names a method of an API stage.

#ifndef WEIR_PLAN_METHOD_KEY_H_
#define WEIR_PLAN_METHOD_KEY_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/map.h"

namespace weir {

// The longest method key, in bytes.
inline constexpr std::size_t kMaxMethodKeyBytes = 1024;

// The canonical key of a method, `{resourcePath}/{httpMethod}`: "/pets/GET",
// "/pets/{id}/DELETE", "//GET" for the root.
//
// Accepts every spelling that clients send, in a map or after `/throttle/` in
// the path of a patch:
//   "/pets/GET"    as AWS prints it; in a path this gives a double slash
//   "pets/GET"     without the leading slash
//   "~1pets/GET"   the resource path escaped as RFC 6901 requires
//   "~1pets~1GET"  the whole key escaped
//   "//GET", "/GET", "~1/GET"  the root
// The canonical key of a canonical key is that key.
//
// InvalidArgument, with AWS's text, if the method is not one of GET, PUT, POST,
// DELETE, PATCH, OPTIONS, HEAD and ANY; if a character is not visible ASCII; if
// the unescaped resource path still contains "~0" or "~1"; or if the key is
// longer than kMaxMethodKeyBytes.
absl::StatusOr<std::string> canonical_method_key(std::string_view spelling);

// The error for a method that appears in more than one spelling.
absl::Status duplicate_method_key(std::string_view canonical_key);

// Replaces every key of `methods`, a map by method, by its canonical key.
// InvalidArgument, with `methods` unchanged, if a key is invalid or two keys
// name the same method.
template <typename T>
absl::Status canonicalize_method_keys(
    google::protobuf::Map<std::string, T>* methods) {
  google::protobuf::Map<std::string, T> canonical;
  for (const auto& [spelling, value] : *methods) {
    absl::StatusOr<std::string> key = canonical_method_key(spelling);
    if (!key.ok()) return key.status();
    if (canonical.contains(*key)) return duplicate_method_key(*key);
    canonical[*std::move(key)] = value;
  }
  methods->swap(canonical);
  return absl::OkStatus();
}

}  // namespace weir

#endif  // WEIR_PLAN_METHOD_KEY_H_
