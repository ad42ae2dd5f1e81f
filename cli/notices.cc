#include "weir/cli/notices.h"

#include <limits.h>
#include <poll.h>

#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "weir/cli/printable.h"

namespace weir::cli {

void Notices::say(std::string_view text) {
  // The other half is for the line about dropped lines.
  constexpr size_t kMaxBytes = PIPE_BUF / 2;
  const internal::MutexLock lock(mutex_);
  if (!has_room()) {
    ++left_out_;
    return;
  }
  std::string lines;
  if (left_out_ > 0) {
    lines = absl::StrCat("weir: ", left_out_,
                         " lines were left out: standard error was not read\n");
    left_out_ = 0;
  }
  std::string line = printable(text, console_.utf8);
  if (line.size() > kMaxBytes) {
    size_t end = kMaxBytes;
    // Does not split a UTF-8 character.
    while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xc0) == 0x80) {
      --end;
    }
    line = absl::StrCat(line.substr(0, end), "...");
  }
  absl::StrAppend(&lines, "weir: ", line, "\n");
  console_.err.clear();  // earlier writes may have failed on a full disk
  console_.err.write(lines.data(), static_cast<std::streamsize>(lines.size()));
  console_.err.flush();
}

// A pipe that is ready for writing has room for PIPE_BUF bytes.
bool Notices::has_room() const {
  if (console_.err_descriptor < 0) return true;
  pollfd wanted = {console_.err_descriptor, POLLOUT, 0};
  return poll(&wanted, 1, /*timeout=*/0) > 0;
}

}  // namespace weir::cli
