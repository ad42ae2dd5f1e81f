// The files of the web page, served from memory.

#ifndef WEIR_SERVE_PAGE_FILES_H_
#define WEIR_SERVE_PAGE_FILES_H_

#include <string_view>

#include "weir/http/message.h"

namespace weir {

// The file at this raw path: the page at "/", its style and its scripts under
// "/-/". Null if it is none of these. Valid until the process ends.
const HttpResponse* page_file(std::string_view path);

// The answer to a request for `file`. For GET and HEAD, the file itself, or 304
// if the client already has it (If-None-Match); 405 for other methods.
HttpResponse page_response(const HttpRequest& request,
                           const HttpResponse& file);

}  // namespace weir

#endif  // WEIR_SERVE_PAGE_FILES_H_
