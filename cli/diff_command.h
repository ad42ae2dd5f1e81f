// `weir diff`: prints the patch that turns one document into another.

#ifndef WEIR_CLI_DIFF_COMMAND_H_
#define WEIR_CLI_DIFF_COMMAND_H_

#include <string>

#include "absl/types/span.h"
#include "weir/cli/console.h"

namespace weir::cli {

// Runs the command with the arguments after its name; returns the exit code.
int run_diff(absl::Span<const std::string> arguments, const Console& console);

}  // namespace weir::cli

#endif  // WEIR_CLI_DIFF_COMMAND_H_
