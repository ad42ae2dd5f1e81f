#ifndef WEIR_HTTP_ERROR_RESPONSE_H_
#define WEIR_HTTP_ERROR_RESPONSE_H_

#include <string_view>

#include "http/message.h"

namespace weir {

// An error as AWS clients read it: the class in x-amzn-ErrorType, such as
// "BadRequestException", and {"message":"..."}. One of 429 or 503 asks to try
// again after a second.
HttpResponse error_response(int status, std::string_view type,
                            std::string_view message);

}  // namespace weir

#endif  // WEIR_HTTP_ERROR_RESPONSE_H_
