// A fuzz target for logs: for any bytes, every format reads each line or
// returns an error, and reading the whole log terminates.
//
// An input is a line that names the fields for the key and the stage, separated
// by a blank, and then a log.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "weir/cli/replay/log/log_entry.h"
#include "weir/cli/replay/log/log_file.h"
#include "weir/cli/replay/log/log_format.h"
#include "weir/cli/replay/log/log_reader.h"
#include "weir/tests/fuzz/invariant.h"

namespace weir::cli {
namespace {

constexpr std::int64_t kYear2090 = std::int64_t{3786912000} * 1'000'000'000;

// Reads all bytes of a view, so that a sanitizer checks them.
std::size_t checksum(std::string_view text) {
  std::size_t sum = text.size();
  for (const char c : text) sum = sum * 31 + static_cast<unsigned char>(c);
  return sum;
}

std::size_t check(const LogLine& line) {
  if (line.kind == LogLine::Kind::kMalformed) {
    require(!line.reason.empty(), "malformed lines have a reason");
    return checksum(line.reason);
  }
  if (line.kind == LogLine::Kind::kNothing) return 0;
  const LogEntry& entry = line.entry;
  require(entry.unix_ns >= 0 && entry.unix_ns < kYear2090,
          "times are in range");
  require(!entry.method.empty(), "requests have a method");
  require(entry.is_resource || !entry.target.empty(), "requests have a target");
  return checksum(entry.key) + checksum(entry.stage) + checksum(entry.target) +
         checksum(entry.method);
}

void read_log(const std::string& log, const FieldChoice& choice) {
  std::istringstream in(log);
  LogFile file(in, nullptr, choice);
  std::size_t sum = 0;
  while (file.next()) sum += check(file.line());
  require(!file.next(), "a log ends once");
  require(sum != 1, "the sum is used");
}

void read_lines(std::string_view log, const LogFormat& format,
                const FieldChoice& choice) {
  auto reader = format.make_reader(choice);
  if (!reader.ok()) return;
  while (!log.empty()) {
    const std::string_view line = log.substr(0, log.find('\n'));
    log.remove_prefix(std::min(line.size() + 1, log.size()));
    // A buffer of its own, so that a sanitizer knows its end.
    const std::vector<char> record(line.begin(), line.end());
    check((*reader)->read({record.data(), record.size()}));
  }
  (*reader)->field_names();
  (*reader)->missing_field();
}

}  // namespace
}  // namespace weir::cli

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using weir::cli::log_formats;
  const auto [fields, rest] = weir::first_line_and_rest(data, size);
  const std::size_t blank = fields.find(' ');
  weir::cli::FieldChoice choice;
  choice.key = std::string(fields.substr(0, blank));
  if (blank != fields.npos)
    choice.stage = std::string(fields.substr(blank + 1));
  const std::string log(rest.substr(rest.empty() ? 0 : 1));
  weir::cli::read_log(log, choice);
  for (const weir::cli::LogFormat& format : log_formats()) {
    weir::cli::read_lines(log, format, {});
    weir::cli::read_lines(log, format, choice);
  }
  return 0;
}
