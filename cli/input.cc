#include "cli/input.h"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "cli/printable.h"
#include "json/json_reader.h"
#include "json/text.h"

namespace weir::cli {
namespace {

constexpr std::string_view kLine = "line ";
constexpr std::string_view kColumn = ", column ";

// "line 3, column 14: text" as "3:14: text"; any other text after a blank.
std::string after_name(std::string_view message) {
  const std::size_t column = message.find(kColumn);
  const std::size_t text = message.find(": ");
  if (message.substr(0, kLine.size()) != kLine || column == message.npos ||
      text == message.npos || text < column) {
    return absl::StrCat(" ", to_absl(message));
  }
  const std::string_view line =
      message.substr(kLine.size(), column - kLine.size());
  return absl::StrCat(to_absl(line), ":",
                      to_absl(message.substr(column + kColumn.size())));
}

}  // namespace

Input::Input(const std::string& path, const Console& console)
    : stream_(path == "-" ? console.in : file_) {
  errno = 0;
  if (path != "-") file_.open(path, std::ios::binary);
}

absl::Status Input::status() const {
  // A stream that ended has failed to read more, which is no error.
  if (!stream_.bad() && (!stream_.fail() || stream_.eof())) {
    return absl::OkStatus();
  }
  return absl::NotFoundError(errno == 0 ? "cannot be read"
                                        : std::strerror(errno));
}

absl::StatusOr<std::string> read_document(const std::string& path,
                                          const Console& console) {
  Input input(path, console);
  std::string text(kMaxJsonBytes + 1, '\0');
  input.stream().read(text.data(), static_cast<std::streamsize>(text.size()));
  const absl::Status status = input.status();
  if (!status.ok()) return status;
  text.resize(static_cast<std::size_t>(input.stream().gcount()));
  if (text.size() > kMaxJsonBytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("longer than ", with_commas(kMaxJsonBytes), " bytes"));
  }
  return text;
}

void report_error(const Console& console, const std::string& path,
                  std::string_view message, std::int64_t line) {
  console.err << "weir: "
              << (path == "-" ? "standard input"
                              : printable(path, console.utf8))
              << ":";
  if (line > 0) console.err << line << ":";
  console.err << printable(after_name(message), console.utf8) << "\n";
}

}  // namespace weir::cli
