// Request ids, which a client may quote when it asks about an answer.

#ifndef WEIR_HTTP_REQUEST_ID_H_
#define WEIR_HTTP_REQUEST_ID_H_

#include <string>

namespace weir {

// A UUID (RFC 9562, version 4), unlikely to repeat. It is not secret: some ids
// may reveal others. Allocates the result. A thread's first call, and its first
// call after a fork, asks the kernel for random bytes. Thread-safe.
std::string new_request_id();

}  // namespace weir

#endif  // WEIR_HTTP_REQUEST_ID_H_
