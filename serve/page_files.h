// The page that a browser shows: its files, from memory.

#ifndef WEIR_SERVE_PAGE_FILES_H_
#define WEIR_SERVE_PAGE_FILES_H_

#include <string_view>

#include "http/message.h"

namespace weir {

// What is served under this raw path: the page at "/", its style and its
// scripts under "/-/". Null: no file of the page. It holds for the life of the
// process.
const HttpResponse* page_file(std::string_view path);

// The answer to a request for `file`: as it is for GET and HEAD, or with 304 if
// the client has it already (If-None-Match); 405 for other methods.
HttpResponse page_response(const HttpRequest& request,
                           const HttpResponse& file);

}  // namespace weir

#endif  // WEIR_SERVE_PAGE_FILES_H_
