#include "weir/plan/method_key.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "weir/base/text.h"
#include "weir/plan/plan_error.h"

namespace weir {
namespace {

constexpr std::string_view kHttpMethods[] = {
    "GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY"};

bool is_http_method(std::string_view method) {
  return std::find(std::begin(kHttpMethods), std::end(kHttpMethods), method) !=
         std::end(kHttpMethods);
}

// Visible ASCII only, and nothing that a second unescaping would change:
// otherwise a canonical key would not be its own canonical key.
bool is_resource_path(std::string_view path) {
  const bool visible = std::all_of(path.begin(), path.end(),
                                   [](char c) { return c > ' ' && c < 0x7F; });
  return visible && path.find("~0") == path.npos &&
         path.find("~1") == path.npos;
}

absl::Status bad_method(std::string_view resource_path, std::string_view method,
                        std::string_view problem) {
  const std::string message =
      absl::StrCat("method key with resource path ",
                   internal::excerpt(resource_path), " and method ",
                   internal::excerpt(method), ": ", internal::to_absl(problem));
  return plan_error(absl::StatusCode::kInvalidArgument, message,
                    aws_text::invalid_method(resource_path, method));
}

}  // namespace

absl::StatusOr<std::string> canonical_method_key(std::string_view spelling) {
  // One pass, as RFC 6901 requires: "~01" is "~1", not "/".
  const std::string key = absl::StrReplaceAll(internal::to_absl(spelling),
                                              {{"~1", "/"}, {"~0", "~"}});
  const std::size_t slash = key.rfind('/');
  if (slash == key.npos) {
    return bad_method("", key, "expected {resourcePath}/{httpMethod}");
  }
  const std::string_view method = std::string_view(key).substr(slash + 1);
  const std::string_view given_path = std::string_view(key).substr(0, slash);
  if (!is_http_method(method)) {
    return bad_method(given_path, method,
                      "expected one of GET, PUT, POST, DELETE, PATCH, OPTIONS, "
                      "HEAD, ANY");
  }
  if (!is_resource_path(given_path)) {
    return bad_method(given_path, method,
                      "expected visible ASCII without \"~0\" and \"~1\"");
  }
  const std::size_t first = std::min(given_path.find_first_not_of('/'), slash);
  const std::string canonical =
      absl::StrCat("/", internal::to_absl(given_path.substr(first)), "/",
                   internal::to_absl(method));
  if (canonical.size() > kMaxMethodKeyBytes) {
    return bad_method(
        given_path, method,
        absl::StrCat("expected at most ", kMaxMethodKeyBytes, " bytes"));
  }
  return canonical;
}

absl::Status duplicate_method_key(std::string_view canonical_key) {
  return plan_error(absl::StatusCode::kInvalidArgument,
                    absl::StrCat("method ", internal::excerpt(canonical_key),
                                 " is there in more than one spelling"));
}

}  // namespace weir
