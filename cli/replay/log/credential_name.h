// Recognition of log fields that hold API keys and other credentials.

#ifndef WEIR_CLI_REPLAY_LOG_CREDENTIAL_NAME_H_
#define WEIR_CLI_REPLAY_LOG_CREDENTIAL_NAME_H_

#include <string_view>

namespace weir::cli {

// Whether a field of this name ("x-api-key", "request.headers.Authorization")
// holds a client's credential, which must not be shown. Errs on the side of
// secrecy.
bool is_credential_name(std::string_view name);

// Whether a field of this name identifies an API key, by its value or its id.
// If such a field is "" or "-", the request had no key.
bool is_api_key_name(std::string_view name);

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_LOG_CREDENTIAL_NAME_H_
