#ifndef WEIR_HTTP_REQUEST_HEAD_H_
#define WEIR_HTTP_REQUEST_HEAD_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "http/message.h"

namespace weir {

// Looks for the end of a head in bytes that come in pieces. *thread-compatible*
class HeadScanner {
 public:
  // `received` begins with what the calls before were given. Returns the head's
  // size with its empty line, or nothing if it has not ended yet.
  // InvalidArgument if a line ends in LF alone, or what has come cannot be the
  // beginning of a head.
  absl::StatusOr<std::optional<size_t>> find_end(std::string_view received);

  // Whether the request line was there.
  bool has_first_line() const { return line_ > 0; }

 private:
  size_t line_ = 0;     // where the present one begins
  size_t scanned_ = 0;  // no line ends before this
};

struct RequestHead {
  HttpRequest request;          // without its body
  uint64_t content_length = 0;  // 0 too if it is not said
  bool is_chunked = false;
  bool expects_continue = false;
  bool keeps_alive = false;  // the connection
  bool is_http_1_0 = false;
};

// Reads a head, whose size HeadScanner has found, into `head`, whose memory is
// used again.
//
// Accepts only what can be read in one way (RFC 9112): a proxy in front and
// this process must not differ in where a request ends. InvalidArgument, and
// what follows on the connection is not to be read, for
// - folded lines, CR and LF other than at a line's end, control characters;
// - names that are no tokens, blanks before a colon among them; blanks around a
//   value are no part of it;
// - more than one Host, or none in HTTP/1.1, or one that cannot be; more than
//   one Content-Length, or one that is no number; Transfer-Encoding other than
//   "chunked", in HTTP/1.0, or with Content-Length.
//
// The absolute form, "http://host/path", is read as the path with this Host.
absl::Status read_head(std::string_view received, RequestHead& head);

}  // namespace weir

#endif  // WEIR_HTTP_REQUEST_HEAD_H_
