// `weir usage`: shows what the keys of a plan have used.

#ifndef WEIR_CLI_USAGE_USAGE_COMMAND_H_
#define WEIR_CLI_USAGE_USAGE_COMMAND_H_

#include <string>

#include "absl/types/span.h"
#include "weir/cli/console.h"

namespace weir::cli {

// Runs the command with the arguments after its name; returns the exit code.
int run_usage(absl::Span<const std::string> arguments, const Console& console);

}  // namespace weir::cli

#endif  // WEIR_CLI_USAGE_USAGE_COMMAND_H_
