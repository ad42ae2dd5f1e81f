// The files that a command takes two of.

#ifndef WEIR_CLI_OPERAND_FILES_H_
#define WEIR_CLI_OPERAND_FILES_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "cli/command_line.h"
#include "cli/console.h"

namespace weir::cli {

inline constexpr char kOneStandardInput[] =
    "only one of the files can be standard input";

struct OperandFile {
  std::string path;  // "-": standard input
  std::string text;
};

// Reads one file. Nothing if that is not possible, which is reported.
std::optional<OperandFile> read_operand(const std::string& path,
                                        const Console& console);

// Reads the two operands of `line`. Nothing if that is not possible, which is
// reported and an error of usage.
std::optional<std::pair<OperandFile, OperandFile>> read_operands(
    const CommandLine& line, const Console& console);

// Reports what is wrong with the content of `file`; returns kExitRefused.
int refuse(const OperandFile& file, const absl::Status& status,
           const Console& console);

}  // namespace weir::cli

#endif  // WEIR_CLI_OPERAND_FILES_H_
