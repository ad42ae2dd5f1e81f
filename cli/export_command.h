// `weir export`: writes the whole content of a store as JSON lines.

#ifndef WEIR_CLI_EXPORT_COMMAND_H_
#define WEIR_CLI_EXPORT_COMMAND_H_

#include <string>

#include "absl/types/span.h"
#include "weir/cli/console.h"

namespace weir::cli {

// Runs the command with the arguments after its name; returns the exit code.
int run_export(absl::Span<const std::string> arguments, const Console& console);

}  // namespace weir::cli

#endif  // WEIR_CLI_EXPORT_COMMAND_H_
