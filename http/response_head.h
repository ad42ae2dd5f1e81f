#ifndef WEIR_HTTP_RESPONSE_HEAD_H_
#define WEIR_HTTP_RESPONSE_HEAD_H_

#include <string>
#include <string_view>

#include "weir/http/message.h"

namespace weir {

// What an answer's head depends on besides the answer.
struct ResponseContext {
  bool to_head = false;      // the request's method was HEAD
  bool to_http_1_0 = false;  // the request's version was HTTP/1.0
  bool closes = false;       // the connection closes after the answer
  std::string_view date;     // http_date()
};

// Whether the body is sent. It is not for HEAD, 204 and 304.
bool sends_body(const HttpResponse& response, const ResponseContext& context);

// Appends the status line, the headers and the empty line. Leaves out headers
// that HTTP does not allow (a line break in a value, for instance), and those
// that are the server's own.
void append_response_head(const HttpResponse& response,
                          const ResponseContext& context, std::string& text);

// "Mon, 30 Nov 2026 16:00:00 GMT"
std::string http_date(int64_t unix_seconds);

}  // namespace weir

#endif  // WEIR_HTTP_RESPONSE_HEAD_H_
