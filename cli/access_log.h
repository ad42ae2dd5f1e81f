// Reads lines of access logs.

#ifndef WEIR_CLI_ACCESS_LOG_H_
#define WEIR_CLI_ACCESS_LOG_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::cli {

// The field of a line that says who calls.
enum class KeyField : std::uint8_t {
  kDefault,  // kHost or kKey, as the line's format has it
  kKey,      // the key of a Weir line
  kHost,     // the others: of an Apache or nginx line
  kUser,
  kReferer,
  kAgent,
};

// "key", "host", "user", "referer" or "agent".
std::optional<KeyField> key_field_from_name(std::string_view name);

// One request, as a log tells of it. The views are into the line.
struct LogEntry {
  std::int64_t unix_ns = 0;
  std::string_view key;  // as written, escapes included
  // Whether `key` is what a client authenticates with, not to be shown.
  bool key_is_secret = false;
  std::string_view stage;  // "apiId:stage"; "" if the line does not say
  std::string_view path;   // as sent, perhaps with a query
  std::string_view method;
  std::uint32_t cost = 1;
};

struct LogLine {
  enum class Kind : std::uint8_t {
    kRequest,    // see `entry`
    kNothing,    // an empty line, or a comment
    kMalformed,  // see `reason`
  };
  Kind kind = Kind::kNothing;
  LogEntry entry;
  std::string_view reason;  // a literal
};

// Reads one line, without its line end. Never fails on any bytes. Formats:
//
// * Apache's and nginx's common and combined logs; what stands behind the size
//   is read only if the key is there:
//     host ident user [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 512
//     ... "referer" "agent"
// * Weir's own, in fields with spaces or tabs between; the time is RFC 3339 or
//   Unix seconds with or without a fraction, the cost 1 if it is left out:
//     time key apiId:stage /path/METHOD cost
//
// Empty lines, and lines that begin with '#', are nothing.
LogLine parse_log_line(std::string_view line, KeyField field);

}  // namespace weir::cli

#endif  // WEIR_CLI_ACCESS_LOG_H_
