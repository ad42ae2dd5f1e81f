// Parsing of the target of a request line.

#ifndef WEIR_HTTP_TARGET_H_
#define WEIR_HTTP_TARGET_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace weir {

// `text` with every "%xy" replaced by its byte. InvalidArgument if a '%' is not
// followed by two hexadecimal digits.
absl::StatusOr<std::string> percent_decoded(std::string_view text);

// `text` with every byte but A-Z a-z 0-9 '-' '.' '_' '~' (RFC 3986 section 2.3)
// written as "%XY", except slashes if `slashes_kept`.
std::string percent_encoded(std::string_view text, bool slashes_kept = false);

// A path and its query (RFC 3986), split before anything is decoded: a "%2F" is
// part of a segment or a value, never a separator. *thread-compatible*
struct Target {
  // As sent.
  std::string_view raw_path;   // "/tags/a%2Fb"
  std::string_view raw_query;  // "limit=5&name=x", without the '?'

  // "/tags/a%2Fb" is {"tags", "a/b"}; "/" is {""}; "/a/" is {"a", ""}.
  std::vector<std::string> segments;
  // In the order sent. '+' stands for itself; a parameter without '=' has the
  // value "".
  std::vector<std::pair<std::string, std::string>> parameters;

  // The value of the first parameter named `name`.
  std::optional<std::string_view> parameter(std::string_view name) const;
};

// Splits "/path?query". The result refers to `text`. InvalidArgument unless it
// begins with '/' and every part decodes to UTF-8 without control characters.
absl::StatusOr<Target> parse_target(std::string_view text);

}  // namespace weir

#endif  // WEIR_HTTP_TARGET_H_
