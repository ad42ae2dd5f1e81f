// `weir patch`: applies a patch to a document.

#ifndef WEIR_CLI_PATCH_COMMAND_H_
#define WEIR_CLI_PATCH_COMMAND_H_

#include <string>

#include "absl/types/span.h"
#include "weir/cli/console.h"

namespace weir::cli {

// Runs the command with the arguments after its name; returns the exit code.
int run_patch(absl::Span<const std::string> arguments, const Console& console);

}  // namespace weir::cli

#endif  // WEIR_CLI_PATCH_COMMAND_H_
