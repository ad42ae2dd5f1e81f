// `weir replay`: what a plan would have done to the requests of a log.

#ifndef WEIR_CLI_REPLAY_COMMAND_H_
#define WEIR_CLI_REPLAY_COMMAND_H_

#include <string>

#include "absl/types/span.h"
#include "cli/console.h"

namespace weir::cli {

// Runs the command with what stands behind its name; returns the exit code.
int run_replay(absl::Span<const std::string> arguments, const Console& console);

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_COMMAND_H_
