// `weir replay`: shows what a plan would have decided on the requests of logs.

#ifndef WEIR_CLI_REPLAY_REPLAY_COMMAND_H_
#define WEIR_CLI_REPLAY_REPLAY_COMMAND_H_

#include <string>

#include "absl/types/span.h"
#include "weir/cli/console.h"

namespace weir::cli {

// Runs the command with the arguments after its name; returns the exit code.
int run_replay(absl::Span<const std::string> arguments, const Console& console);

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_REPLAY_COMMAND_H_
