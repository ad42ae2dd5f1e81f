#ifndef WEIR_SERVE_REFUSED_KEYS_RESPONSE_H_
#define WEIR_SERVE_REFUSED_KEYS_RESPONSE_H_

#include "enforcer/clock.h"
#include "enforcer/enforcer.h"
#include "http/message.h"
#include "serve/refused_keys.h"

namespace weir {

// Answers `GET /-/refused-keys?limit=N`: which keys are refused most, with the
// names that they and their plans have now. docs/serve.md has the members. N is
// 1 to 100, by default 20; another is 400. Locks, as the enforcer's control
// plane does.
HttpResponse refused_keys_response(const HttpRequest& request,
                                   const Enforcer& enforcer,
                                   RefusedKeys& refused_keys, Instant now);

}  // namespace weir

#endif  // WEIR_SERVE_REFUSED_KEYS_RESPONSE_H_
