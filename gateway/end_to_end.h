// Which headers an intermediary passes on.

#ifndef WEIR_GATEWAY_END_TO_END_H_
#define WEIR_GATEWAY_END_TO_END_H_

#include <string>
#include <string_view>

#include "http/message.h"

namespace weir {

// The headers of a message that are for the other end. Left out are
//   - those for the one connection it came by (RFC 9110 section 7.6.1): what
//     Connection names, and Connection, Keep-Alive, Proxy-Connection,
//     Proxy-Authenticate, Proxy-Authorization, TE, Trailer, Transfer-Encoding
//     and Upgrade whether it names them or not;
//   - Content-Length, which goes with how the next connection frames the
//     message;
//   - what would not be read as one header: a name that is no token, a value
//     with a line break or another control character.
HttpHeaders end_to_end_headers(const HttpHeaders& headers);

// The values of all headers of this name, in their order, with ", " between
// them; "" if there is none.
std::string joined_values(const HttpHeaders& headers, std::string_view name);

}  // namespace weir

#endif  // WEIR_GATEWAY_END_TO_END_H_
