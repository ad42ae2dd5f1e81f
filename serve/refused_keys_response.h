#ifndef WEIR_SERVE_REFUSED_KEYS_RESPONSE_H_
#define WEIR_SERVE_REFUSED_KEYS_RESPONSE_H_

#include "weir/base/clock.h"
#include "weir/enforcer/enforcer.h"
#include "weir/http/message.h"
#include "weir/serve/refused_keys.h"

namespace weir {

// Answers `GET /-/refused-keys?limit=N`: the keys refused most often, with the
// current names of the keys and their plans. docs/serve.md describes the
// members. N is 1 to 100, by default 20; anything else is 400. Locks, as the
// enforcer's control plane does.
HttpResponse refused_keys_response(const HttpRequest& request,
                                   const Enforcer& enforcer,
                                   RefusedKeys& refused_keys, Instant now);

}  // namespace weir

#endif  // WEIR_SERVE_REFUSED_KEYS_RESPONSE_H_
