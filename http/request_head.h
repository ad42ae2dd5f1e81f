#ifndef WEIR_HTTP_REQUEST_HEAD_H_
#define WEIR_HTTP_REQUEST_HEAD_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "http/message.h"

namespace weir {

// A request line and its headers as a parser found them, in the buffer in which
// they were received.
struct ReceivedHead {
  std::string_view method;
  std::string_view target;  // May be a copy, as parsers decode in place.
  const char* target_start = nullptr;  // Where it was received.
  std::string_view version;            // "HTTP/1.1"
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  // From the method to the end of the empty line.
  size_t bytes = 0;
};

struct RequestHead {
  HttpRequest request;          // Without its body.
  uint64_t content_length = 0;  // 0 too if it is not said.
  bool expects_continue = false;
};

// Accepts only what can be read in one way (RFC 9112): a proxy in front and
// this process must not differ in where a request ends. InvalidArgument, and
// what follows on the connection is not to be read, for
// - anything between the parts but ' ', ':' and white space, and CR LF: folded
//   lines, lines that end otherwise, NUL bytes;
// - names that are no tokens, and control characters;
// - more than one Host, or none in HTTP/1.1; more than one Content-Length, or
//   one that is no number; Transfer-Encoding other than "chunked", in HTTP/1.0,
//   or with Content-Length.
absl::StatusOr<RequestHead> read_head(const ReceivedHead& received);

}  // namespace weir

#endif  // WEIR_HTTP_REQUEST_HEAD_H_
