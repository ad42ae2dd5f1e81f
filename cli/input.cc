#include "weir/cli/input.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <ostream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "weir/base/text.h"
#include "weir/cli/byte_order_mark.h"
#include "weir/cli/printable.h"

namespace weir::cli {
namespace {

constexpr std::string_view kLine = "line ";
constexpr std::string_view kColumn = ", column ";

// Shortens "line 3: text" to "3: text", and "line 3, column 14: text" to "3:14:
// text". Puts a blank before any other text.
std::string after_name(std::string_view message) {
  const std::size_t end = message.find(": ");
  if (message.substr(0, kLine.size()) == kLine && end != message.npos) {
    const std::string_view text = message.substr(end);
    const std::string_view place =
        message.substr(kLine.size(), end - kLine.size());
    const std::size_t column = place.find(kColumn);
    const std::string_view line = place.substr(0, column);
    if (column != place.npos) {
      return absl::StrCat(
          internal::to_absl(line), ":",
          internal::to_absl(place.substr(column + kColumn.size())),
          internal::to_absl(text));
    }
    if (std::all_of(line.begin(), line.end(), absl::ascii_isdigit)) {
      return absl::StrCat(internal::to_absl(line), internal::to_absl(text));
    }
  }
  return absl::StrCat(" ", internal::to_absl(message));
}

}  // namespace

Input::Input(const std::string& path, const Console& console)
    : stream_(path == "-" ? console.in : file_) {
  errno = 0;
  if (path != "-") file_.open(path, std::ios::binary);
}

absl::Status Input::status() const {
  // At the end of a stream, reading more fails; that is not an error.
  if (!stream_.bad() && (!stream_.fail() || stream_.eof())) {
    return absl::OkStatus();
  }
  return absl::NotFoundError(errno == 0 ? "cannot be read"
                                        : std::strerror(errno));
}

absl::Status Input::skip_byte_order_mark() {
  // The byte order marks of UTF-8 and UTF-16 begin with a byte of at least
  // 0xEF, and JSON does not.
  constexpr int kFirstOfAny = 0xEF;
  if (stream_.peek() < kFirstOfAny) return status();
  char bytes[3];
  stream_.read(bytes, sizeof bytes);
  const auto mark = byte_order_mark_bytes(
      {bytes, static_cast<std::size_t>(stream_.gcount())});
  if (!mark.ok()) return mark.status();
  return *mark > 0 ? absl::OkStatus()
                   : absl::InvalidArgumentError("line 1: not JSON");
}

absl::StatusOr<std::string> read_document(const std::string& path,
                                          const Console& console,
                                          std::size_t max_bytes) {
  Input input(path, console);
  std::string text;
  std::array<char, 1 << 16> piece;
  while (text.size() <= max_bytes && input.stream()) {
    input.stream().read(piece.data(), piece.size());
    text.append(piece.data(),
                static_cast<std::size_t>(input.stream().gcount()));
  }
  const absl::Status status = input.status();
  if (!status.ok()) return status;
  if (text.size() > max_bytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "longer than ", with_commas(static_cast<std::int64_t>(max_bytes)),
        " bytes"));
  }
  const auto mark = byte_order_mark_bytes(text);
  if (!mark.ok()) return mark.status();
  text.erase(0, *mark);
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

void report_error(const Console& console, const absl::Status& status) {
  console.err << "weir: "
              << printable(std::string(status.message()), console.utf8) << "\n";
}

}  // namespace weir::cli
