// Where a request wants to go: a path of an API stage.

#ifndef WEIR_GATEWAY_STAGE_TARGET_H_
#define WEIR_GATEWAY_STAGE_TARGET_H_

#include <optional>
#include <string>
#include <string_view>

namespace weir {

// The parts of "/{apiId}/{stage}/path?query", as they were sent.
// *thread-compatible*
struct StageTarget {
  std::string_view stage;  // "{apiId}/{stage}"; may be percent-encoded
  std::string_view path;   // "/path"; "/" if there is none
  std::string_view query;  // without the '?'
};

// The parts of "/path?query", as they were sent. *thread-compatible*
struct PathAndQuery {
  std::string_view path;   // "/path"
  std::string_view query;  // without the '?'
};

// Divides "/path?query"; the result refers to `target`. None if it is not of
// this form, or if servers are known to disagree on what it names: a limit on
// "/pets" is of no use if "/x/../pets" goes around it and still arrives. So, in
// the path,
//   - there are only the characters of RFC 3986, and no ';', which some servers
//     take for the end of a segment's name;
//   - a '%' is followed by two hexadecimal digits, and what they stand for is
//     UTF-8 without control characters;
//   - no segment is empty, but for one slash at the end;
//   - no segment is "." or "..", whether its characters, slashes or backslashes
//     are encoded or not.
// The query is of visible ASCII characters without '#'.
//
// What is left has one meaning by RFC 3986: "%70ets" is "pets", "a%2Fb" is one
// segment, and "Pets" is not "pets". Allocates only for paths with a '%'.
std::optional<PathAndQuery> parse_unambiguous_path(std::string_view target);

// Divides the target of a request line; the result refers to `target`. None if
// it is not of this form, or if parse_unambiguous_path() refuses it. It refuses
// "/{apiId}/{stage}/path?query" just if it refuses one of "/{apiId}/{stage}"
// and
// "/path?query".
std::optional<StageTarget> parse_stage_target(std::string_view target);

// Whether an API may have methods of this name. Those of other requests (TRACE,
// CONNECT, "get") are on no route.
bool is_api_method(std::string_view method);

// The names in a `StageTarget::stage`, decoded; what cannot be decoded is as it
// was sent.
struct StageNames {
  std::string api_id;
  std::string stage;
};
StageNames stage_names(std::string_view stage);

}  // namespace weir

#endif  // WEIR_GATEWAY_STAGE_TARGET_H_
