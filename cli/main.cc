// weir: usage plans and JSON patches from the command line.

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/types/span.h"
#include "weir/cli/adopt_command.h"
#include "weir/cli/console.h"
#include "weir/cli/diff_command.h"
#include "weir/cli/export_command.h"
#include "weir/cli/import_command.h"
#include "weir/cli/patch_command.h"
#include "weir/cli/replay/replay_command.h"
#include "weir/cli/serve/serve_command.h"
#include "weir/cli/top/top_command.h"
#include "weir/cli/usage/usage_command.h"
#include "weir/cli/validate_command.h"
#include "weir/enforcer/version.h"

namespace weir::cli {
namespace {

constexpr char kHelp[] =
    "Usage: weir COMMAND [flags]\n"
    "\n"
    "Commands:\n"
    "  replay     simulate a usage plan on the requests of a log\n"
    "  validate   list every problem of a usage plan\n"
    "  patch      apply a patch to a JSON document or a usage plan\n"
    "  diff       print the patch from one document to another\n"
    "  serve      run the service, which AWS's own clients can manage\n"
    "  top        show which keys a service refuses most, and why\n"
    "  usage      print the daily usage of a plan's keys from a store\n"
    "  export     write the content of a store as JSON lines\n"
    "  import     create a store from an export\n"
    "  adopt      create a store from the output of the AWS CLI\n"
    "\n"
    "`weir COMMAND --help` prints details. `weir --version` prints the "
    "version.\n"
    "A file named \"-\" is standard input.\n";

// Whether the locale's environment variables name UTF-8, even if that locale is
// not installed.
bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* const value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string locale = absl::AsciiStrToLower(value);
    return absl::StrContains(locale, "utf-8") ||
           absl::StrContains(locale, "utf8");
  }
  return false;
}

// The width of the terminal, if standard output is one.
int output_width() {
  winsize size;
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0
             ? size.ws_col
             : 80;
}

int run(absl::Span<const std::string> arguments, const Console& console) {
  const std::string_view command =
      arguments.empty() ? "" : std::string_view(arguments[0]);
  if (command == "--help" || command == "-h") {
    console.out << kHelp;
    return kExitOk;
  }
  if (command == "--version") {
    console.out << "weir " << kVersion << "\n";
    return kExitOk;
  }
  if (command == "replay") return run_replay(arguments.subspan(1), console);
  if (command == "validate") return run_validate(arguments.subspan(1), console);
  if (command == "patch") return run_patch(arguments.subspan(1), console);
  if (command == "diff") return run_diff(arguments.subspan(1), console);
  if (command == "serve") return run_serve(arguments.subspan(1), console);
  if (command == "top") return run_top(arguments.subspan(1), console);
  if (command == "usage") return run_usage(arguments.subspan(1), console);
  if (command == "export") return run_export(arguments.subspan(1), console);
  if (command == "import") return run_import(arguments.subspan(1), console);
  if (command == "adopt") return run_adopt(arguments.subspan(1), console);

  console.err << "weir: ";
  if (command.empty()) {
    console.err << "expected a command";
  } else {
    console.err << "unknown command " << command;
  }
  console.err
      << ": replay, validate, patch, diff, serve, top, usage, export, import "
         "or adopt\n"
         "Try `weir --help`.\n";
  return kExitUsage;
}

// Opens those of the descriptors 0 to 2 that are closed, so that no file or
// connection opened later becomes a standard stream. Using them still fails, as
// with a closed one: they are opened for the wrong direction.
void open_standard_descriptors() {
  for (int descriptor = 0; descriptor <= 2; ++descriptor) {
    if (fcntl(descriptor, F_GETFD) != -1 || errno != EBADF) continue;
    // open() returns the lowest free descriptor, which is this one.
    if (open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY) < 0) {
      std::_Exit(kExitUsage);
    }
  }
}

}  // namespace
}  // namespace weir::cli

int main(int argc, char** argv) {
  using weir::cli::Console;
  weir::cli::open_standard_descriptors();
  std::ios::sync_with_stdio(false);
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const Console console{std::cin,
                        std::cout,
                        std::cerr,
                        weir::cli::locale_is_utf8(),
                        isatty(STDERR_FILENO) == 1,
                        weir::cli::output_width(),
                        isatty(STDOUT_FILENO) == 1,
                        STDERR_FILENO};
  const int exit_code = weir::cli::run(arguments, console);
  if (!std::cout.flush()) {
    std::cerr << "weir: standard output: write error\n";
    return weir::cli::kExitUsage;
  }
  return exit_code;
}
