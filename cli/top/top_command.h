// `weir top`: shows which keys a running service refuses most often.

#ifndef WEIR_CLI_TOP_TOP_COMMAND_H_
#define WEIR_CLI_TOP_TOP_COMMAND_H_

#include <string>

#include "absl/types/span.h"
#include "weir/cli/console.h"

namespace weir::cli {

// Runs the command with the arguments after its name; returns the exit code.
int run_top(absl::Span<const std::string> arguments, const Console& console);

}  // namespace weir::cli

#endif  // WEIR_CLI_TOP_TOP_COMMAND_H_
