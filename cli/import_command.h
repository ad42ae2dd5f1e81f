// `weir import`: makes a new store from an export.

#ifndef WEIR_CLI_IMPORT_COMMAND_H_
#define WEIR_CLI_IMPORT_COMMAND_H_

#include <string>

#include "absl/types/span.h"
#include "weir/cli/console.h"

namespace weir::cli {

// Runs the command with the arguments after its name; returns the exit code.
int run_import(absl::Span<const std::string> arguments, const Console& console);

}  // namespace weir::cli

#endif  // WEIR_CLI_IMPORT_COMMAND_H_
