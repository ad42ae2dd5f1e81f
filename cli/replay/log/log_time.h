// Parsing and formatting of times in logs.

#ifndef WEIR_CLI_REPLAY_LOG_LOG_TIME_H_
#define WEIR_CLI_REPLAY_LOG_LOG_TIME_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::cli {

// Each function returns nanoseconds since 1970-01-01T00:00:00Z, or nullopt if
// `text` is not exactly a time of its form in the years 1970 to 2089, UTC.
// Digits beyond nanoseconds are truncated. A leap second, :60, becomes the last
// nanosecond of the second before it, so that it stays in its day, and in
// order.

// "2015-05-17T10:05:03.25Z", "2015-05-17T10:05:03+02:00" (RFC 3339)
std::optional<std::int64_t> parse_rfc3339(std::string_view text);

// "1431857103.25"
std::optional<std::int64_t> parse_unix_seconds(std::string_view text);

// "17/May/2015:10:05:03 +0000" (Apache and nginx); also "7/May/2015", and
// "10:05:03.250" with a fraction.
std::optional<std::int64_t> parse_common_log_time(std::string_view text);

// "1431857103", or the same time in milliseconds, microseconds or nanoseconds;
// optionally with a fraction. The unit is the largest one for which the time is
// before 2090.
std::optional<std::int64_t> parse_epoch(std::string_view text);

// Any of these, and common variants: a blank instead of the "T", slashes in the
// date ("2015/05/17 10:05:03"), an offset without a colon, or no offset, which
// means UTC.
std::optional<std::int64_t> parse_log_time(std::string_view text);

// "2015-05-17T10:05:03.25Z"
std::string to_rfc3339(std::int64_t unix_ns);

// "2015-05-17 10:05:03"
std::string to_display_time(std::int64_t unix_ns);

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_LOG_LOG_TIME_H_
