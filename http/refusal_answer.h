#ifndef WEIR_HTTP_REFUSAL_ANSWER_H_
#define WEIR_HTTP_REFUSAL_ANSWER_H_

#include <string_view>

#include "http/message.h"
#include "http/refusal.h"

namespace weir {

// The answers of a server that are not its handler's: errors as AWS clients
// read them, with a request id.

// What a refused request is told.
HttpResponse refusal_answer(HttpRefusal reason);
// 400, which says what is wrong.
HttpResponse malformed_answer(std::string_view message);
// 414.
HttpResponse target_too_long_answer();
// 500.
HttpResponse internal_error_answer();

}  // namespace weir

#endif  // WEIR_HTTP_REFUSAL_ANSWER_H_
