// Which fields of a log hold API keys.

#ifndef WEIR_CLI_REPLAY_LOG_CREDENTIAL_NAME_H_
#define WEIR_CLI_REPLAY_LOG_CREDENTIAL_NAME_H_

#include <string_view>

namespace weir::cli {

// Whether a field of this name ("x-api-key", "request.headers.Authorization")
// holds what a client authenticates with, which is not to be shown. Errs on the
// side of secrecy.
bool is_credential_name(std::string_view name);

// Whether a field of this name identifies an API key, by its value or its id:
// if it is "" or "-", the request had none.
bool is_api_key_name(std::string_view name);

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_LOG_CREDENTIAL_NAME_H_
