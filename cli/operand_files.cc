#include "cli/operand_files.h"

#include "cli/input.h"

namespace weir::cli {
namespace {

bool read(const std::string& path, const Console& console, OperandFile* file) {
  auto text = read_document(path, console);
  if (!text.ok()) {
    report_error(console, path, std::string(text.status().message()));
    return false;
  }
  *file = {path, *std::move(text)};
  return true;
}

}  // namespace

std::optional<std::pair<OperandFile, OperandFile>> read_operands(
    const CommandLine& line, const Console& console) {
  const std::string& first = line.operands()[0];
  const std::string& second = line.operands()[1];
  if (first == "-" && second == "-") {
    line.usage_error(console, "only one of the files can be standard input");
    return std::nullopt;
  }
  std::pair<OperandFile, OperandFile> files;
  if (!read(first, console, &files.first) ||
      !read(second, console, &files.second)) {
    return std::nullopt;
  }
  return files;
}

int refuse(const OperandFile& file, const absl::Status& status,
           const Console& console) {
  report_error(console, file.path, std::string(status.message()));
  return kExitRefused;
}

}  // namespace weir::cli
