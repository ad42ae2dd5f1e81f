// The target of a request: a path in an API stage.

#ifndef WEIR_GATEWAY_STAGE_TARGET_H_
#define WEIR_GATEWAY_STAGE_TARGET_H_

#include <optional>
#include <string>
#include <string_view>

namespace weir {

// The parts of "/{apiId}/{stage}/path?query", as sent.
// *thread-compatible*
struct StageTarget {
  std::string_view stage;  // "{apiId}/{stage}"; may be percent-encoded
  std::string_view path;   // "/path"; "/" if there is none
  std::string_view query;  // without the '?'
};

// The parts of "/path?query", as sent. *thread-compatible*
struct PathAndQuery {
  std::string_view path;   // "/path"
  std::string_view query;  // without the '?'
};

// Splits "/path?query"; the result refers to `target`. nullopt if it does not
// have this form, or if servers are known to disagree on what it names: a limit
// on "/pets" is useless if "/x/../pets" bypasses it and still arrives there.
// So, in the path,
//   - there are only the characters of RFC 3986, and no ';', which some servers
//     take for the end of a segment's name;
//   - a '%' is followed by two hexadecimal digits, and the decoded text is
//     UTF-8 without control characters;
//   - no segment is empty, except for one slash at the end;
//   - no segment is "." or "..", whether its characters, slashes or backslashes
//     are encoded or not.
// The query consists of visible ASCII characters without '#'.
//
// An accepted path has one meaning by RFC 3986: "%70ets" is "pets", "a%2Fb" is
// one segment, and "Pets" is not "pets". Allocates only for paths with a '%'.
std::optional<PathAndQuery> parse_unambiguous_path(std::string_view target);

// Splits the target of a request line; the result refers to `target`. nullopt
// if it does not have this form, or if parse_unambiguous_path() refuses it.
// That function refuses "/{apiId}/{stage}/path?query" if and only if it refuses
// "/{apiId}/{stage}" or "/path?query".
std::optional<StageTarget> parse_stage_target(std::string_view target);

// Whether an API may have methods of this name. Requests with other methods
// (TRACE, CONNECT, "get") have no route.
bool is_api_method(std::string_view method);

// The names in a `StageTarget::stage`, decoded. A name that cannot be decoded
// is returned as sent.
struct StageNames {
  std::string api_id;
  std::string stage;
};
StageNames stage_names(std::string_view stage);

}  // namespace weir

#endif  // WEIR_GATEWAY_STAGE_TARGET_H_
