// The streams and exit codes of a command.

#ifndef WEIR_CLI_CONSOLE_H_
#define WEIR_CLI_CONSOLE_H_

#include <iosfwd>

namespace weir::cli {

// The exit code of the process.
enum ExitCode : int {
  kExitOk = 0,
  kExitRefused = 1,  // the documents are invalid, or the work was refused
  kExitUsage = 2,    // the command line is wrong, or a file cannot be used
};

// The streams of a command, and their properties. *thread-compatible*
struct Console {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool utf8 = true;              // whether `out` and `err` may hold UTF-8
  bool err_is_terminal = false;  // whether a person may be watching
  int width = 80;                // of `out`, in columns
  bool out_is_terminal = false;
  int err_descriptor = -1;  // of `err`, if it is a file of the process
};

}  // namespace weir::cli

#endif  // WEIR_CLI_CONSOLE_H_
