// What a client may quote when it asks about an answer.

#ifndef WEIR_HTTP_REQUEST_ID_H_
#define WEIR_HTTP_REQUEST_ID_H_

#include <string>

namespace weir {

// A UUID (RFC 9562, version 4) that is not likely to come again. It is no
// secret: who has seen some may be able to work out others. Allocates the
// result; a thread's first call, and its first after a fork, asks the kernel
// for random bytes. Thread-safe.
std::string new_request_id();

}  // namespace weir

#endif  // WEIR_HTTP_REQUEST_ID_H_
