#ifndef WEIR_HTTP_REQUEST_HEAD_H_
#define WEIR_HTTP_REQUEST_HEAD_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "http/message.h"

namespace weir {

struct RequestHead {
  HttpRequest request;          // without its body
  uint64_t content_length = 0;  // 0 too if it is not said
  bool is_chunked = false;
  bool expects_continue = false;
  bool keeps_alive = false;  // the connection
  bool is_http_1_0 = false;
};

// Makes a RequestHead of a request line and headers that are well-formed each
// for itself. Refuses what others could read in another way (RFC 9112): a proxy
// in front and this process must not differ in where a request ends, or for
// whom it is. *thread-compatible*
class RequestHeadBuilder {
 public:
  // Overwrites `head`, whose memory is used again.
  explicit RequestHeadBuilder(RequestHead* head);

  void set_request_line(std::string_view method, std::string_view target,
                        bool is_http_1_0);
  // `value` without blanks around it. InvalidArgument for
  // - a Content-Length that is no number, a Transfer-Encoding that is not
  //   "chunked", a Host that cannot be one.
  absl::Status add_header(std::string_view name, std::string_view value);
  // InvalidArgument for
  // - more than one Host, or none in HTTP/1.1;
  // - more than one Content-Length; Transfer-Encoding beside it, or in
  //   HTTP/1.0.
  //
  // The absolute form, "http://host/path", becomes the path with this Host.
  absl::Status finish();

 private:
  absl::Status read_framing(std::string_view name, std::string_view value);
  void read_connection(std::string_view value);

  RequestHead& head_;
  size_t headers_ = 0;  // of which the others are an earlier request's
  int hosts_ = 0;
  int lengths_ = 0;
  int encodings_ = 0;
  bool closes_ = false;  // Connection: close, which outdoes keep-alive
};

}  // namespace weir

#endif  // WEIR_HTTP_REQUEST_HEAD_H_
