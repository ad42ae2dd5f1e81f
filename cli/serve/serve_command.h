// `weir serve`: serves usage plans over HTTP.

#ifndef WEIR_CLI_SERVE_SERVE_COMMAND_H_
#define WEIR_CLI_SERVE_SERVE_COMMAND_H_

#include <string>

#include "absl/types/span.h"
#include "weir/cli/console.h"

namespace weir::cli {

// Runs until SIGTERM or SIGINT; returns the exit code.
int run_serve(absl::Span<const std::string> arguments, const Console& console);

}  // namespace weir::cli

#endif  // WEIR_CLI_SERVE_SERVE_COMMAND_H_
