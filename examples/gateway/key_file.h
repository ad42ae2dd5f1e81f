// API keys from a file.

#ifndef WEIR_EXAMPLES_GATEWAY_KEY_FILE_H_
#define WEIR_EXAMPLES_GATEWAY_KEY_FILE_H_

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/api_key.pb.h"

namespace weir {

// Reads lines of `key,name,enabled`, where enabled is "true" or "false"; the
// name is the key's id as well. Fields are taken as they stand: no quotes, no
// spaces around them. Empty lines, lines that begin with '#', and the line
// "key,name,enabled" are skipped.
//
// InvalidArgument names the line, and never what is in it: that may be a
// secret. Whether keys and names are acceptable is for the enforcer to say.
absl::StatusOr<std::vector<v1::ApiKey>> parse_key_file(std::string_view text);

}  // namespace weir

#endif  // WEIR_EXAMPLES_GATEWAY_KEY_FILE_H_
