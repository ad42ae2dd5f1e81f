// The input files of commands that take two of them.

#ifndef WEIR_CLI_OPERAND_FILES_H_
#define WEIR_CLI_OPERAND_FILES_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "weir/cli/command_line.h"
#include "weir/cli/console.h"

namespace weir::cli {

inline constexpr char kOneStandardInput[] =
    "only one of the files can be standard input";

struct OperandFile {
  std::string path;  // "-": standard input
  std::string text;
};

// Reads one file. If it cannot be read, reports that and returns nullopt.
std::optional<OperandFile> read_operand(const std::string& path,
                                        const Console& console);

// Reads the two operands of `line`. If they cannot be read, reports that and
// returns nullopt: it is a usage error.
std::optional<std::pair<OperandFile, OperandFile>> read_operands(
    const CommandLine& line, const Console& console);

// Reports `status` as an error in the content of `file`; returns kExitRefused.
int refuse(const OperandFile& file, const absl::Status& status,
           const Console& console);

}  // namespace weir::cli

#endif  // WEIR_CLI_OPERAND_FILES_H_
