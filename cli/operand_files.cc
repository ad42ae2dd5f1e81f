#include "weir/cli/operand_files.h"

#include "weir/cli/input.h"

namespace weir::cli {

std::optional<OperandFile> read_operand(const std::string& path,
                                        const Console& console) {
  auto text = read_document(path, console);
  if (!text.ok()) {
    report_error(console, path, std::string(text.status().message()));
    return std::nullopt;
  }
  return OperandFile{path, *std::move(text)};
}

std::optional<std::pair<OperandFile, OperandFile>> read_operands(
    const CommandLine& line, const Console& console) {
  const std::string& first = line.operands()[0];
  const std::string& second = line.operands()[1];
  if (first == "-" && second == "-") {
    line.usage_error(console, kOneStandardInput);
    return std::nullopt;
  }
  auto first_file = read_operand(first, console);
  if (!first_file) return std::nullopt;
  auto second_file = read_operand(second, console);
  if (!second_file) return std::nullopt;
  return std::make_pair(*std::move(first_file), *std::move(second_file));
}

int refuse(const OperandFile& file, const absl::Status& status,
           const Console& console) {
  report_error(console, file.path, std::string(status.message()));
  return kExitRefused;
}

}  // namespace weir::cli
