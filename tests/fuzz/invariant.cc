#include "weir/tests/fuzz/invariant.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

namespace weir {

void require(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %.*s\n", static_cast<int>(what.size()),
               what.data());
  std::abort();
}

void require_readable(const absl::Status& status) {
  const absl::string_view message = status.message();
  require(message.size() < 2000, "errors are short");
  require(std::all_of(message.begin(), message.end(), absl::ascii_isprint),
          "errors are printable lines");
  require(status.ok() || !message.empty(), "errors say what is wrong");
}

std::pair<std::string_view, std::string_view> first_line_and_rest(
    const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(text.find('\n'), text.size());
  return {text.substr(0, line), text.substr(line)};
}

}  // namespace weir
