#ifndef WEIR_HTTP_REFUSAL_ANSWER_H_
#define WEIR_HTTP_REFUSAL_ANSWER_H_

#include <string_view>

#include "weir/http/message.h"
#include "weir/http/refusal.h"

namespace weir {

// The answers that a server gives itself, without its handler: errors as AWS
// clients read them, with a request id.

// The answer to a refused request.
HttpResponse refusal_answer(HttpRefusal reason);
// 400 with `message`, which says what is wrong.
HttpResponse malformed_answer(std::string_view message);
// 414.
HttpResponse target_too_long_answer();
// 500.
HttpResponse internal_error_answer();

}  // namespace weir

#endif  // WEIR_HTTP_REFUSAL_ANSWER_H_
