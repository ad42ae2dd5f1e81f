#ifndef WEIR_HTTP_REQUEST_HEAD_H_
#define WEIR_HTTP_REQUEST_HEAD_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "weir/http/message.h"

namespace weir {

struct RequestHead {
  HttpRequest request;          // without its body
  uint64_t content_length = 0;  // also 0 if there is no Content-Length
  bool is_chunked = false;
  bool expects_continue = false;
  bool keeps_alive = false;  // the connection
  bool is_http_1_0 = false;
};

// Builds a RequestHead from a request line and headers, each of which is
// well-formed by itself. Refuses ambiguous heads (RFC 9112): a proxy in front
// of this process must agree with it on where a request ends and which host it
// is for. *thread-compatible*
class RequestHeadBuilder {
 public:
  // Overwrites `head` and reuses its memory.
  explicit RequestHeadBuilder(RequestHead* head);

  void set_request_line(std::string_view method, std::string_view target,
                        bool is_http_1_0);
  // `value` has no blanks around it. InvalidArgument for
  // - a Content-Length that is not a number, a Transfer-Encoding that is not
  //   "chunked", a malformed Host.
  absl::Status add_header(std::string_view name, std::string_view value);
  // InvalidArgument for
  // - more than one Host, or none in HTTP/1.1;
  // - more than one Content-Length; Transfer-Encoding together with it, or in
  //   HTTP/1.0.
  //
  // The absolute form, "http://host/path", is replaced by the path and this
  // Host.
  absl::Status finish();

 private:
  absl::Status read_framing(std::string_view name, std::string_view value);
  void read_connection(std::string_view value);

  RequestHead& head_;
  size_t headers_ = 0;  // the rest of `head_`'s are an earlier request's
  int hosts_ = 0;
  int lengths_ = 0;
  int encodings_ = 0;
  bool closes_ = false;  // Connection: close, which overrides keep-alive
};

}  // namespace weir

#endif  // WEIR_HTTP_REQUEST_HEAD_H_
