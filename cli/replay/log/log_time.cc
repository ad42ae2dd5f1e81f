#include "weir/cli/replay/log/log_time.h"

#include <algorithm>
#include <cstddef>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace weir::cli {
namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
constexpr std::int64_t kSecondsPerDay = 86400;
constexpr std::int64_t kEndSeconds = 3786912000;  // 2090-01-01

// Parses text from left to right. Once a part is missing, all later parts fail
// as well.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool at_digit() const {
    return !rest_.empty() && absl::ascii_isdigit(rest_[0]);
  }

  bool at(std::string_view characters) const {
    return !rest_.empty() && characters.find(rest_[0]) != characters.npos;
  }
  bool at_end() const { return rest_.empty(); }

  // Exactly `count` digits, with a value from `min` to `max`.
  int number(int count, int min, int max) {
    int value = 0;
    for (int i = 0; i < count; ++i) value = value * 10 + digit();
    if (value < min || value > max) ok_ = false;
    return value;
  }

  int digit() {
    const bool found = at_digit();
    const int value = found ? rest_[0] - '0' : 0;
    if (found) rest_.remove_prefix(1);
    ok_ = ok_ && found;
    return value;
  }

  // One of `characters`; 0 if there is none.
  char one_of(std::string_view characters) {
    const bool found = at(characters);
    const char c = found ? rest_[0] : '\0';
    if (found) rest_.remove_prefix(1);
    ok_ = ok_ && found;
    return c;
  }

  int month_name() {
    static constexpr std::string_view kMonths =
        "JanFebMarAprMayJunJulAugSepOctNovDec";
    const std::size_t at = kMonths.find(rest_.substr(0, 3));
    const bool found = rest_.size() >= 3 && at != kMonths.npos && at % 3 == 0;
    if (found) rest_.remove_prefix(3);
    ok_ = ok_ && found;
    return static_cast<int>(at / 3) + 1;
  }

  // ".25" as billionths; 0 if there is no point.
  std::int64_t fraction() {
    if (!at(".")) return 0;
    rest_.remove_prefix(1);
    if (!at_digit()) ok_ = false;
    std::int64_t nanos = 0;
    for (std::int64_t unit = kNanosPerSecond / 10; at_digit(); unit /= 10) {
      nanos += digit() * unit;
    }
    return nanos;
  }

  bool complete() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

struct Civil {
  int year = 0, month = 0, day = 0;
  int hour = 0, minute = 0, second = 0;
  std::int64_t nanos = 0;
  int offset_minutes = 0;  // east of Greenwich
};

std::optional<std::int64_t> in_range(std::int64_t seconds, std::int64_t nanos) {
  if (seconds < 0 || seconds >= kEndSeconds) return std::nullopt;
  return seconds * kNanosPerSecond + nanos;
}

std::optional<std::int64_t> to_unix_ns(Civil t) {
  const absl::CivilDay day(t.year, t.month, t.day);
  if (day.day() != t.day) return std::nullopt;  // no such day
  if (t.second == 60) {
    t.second = 59;
    t.nanos = kNanosPerSecond - 1;
  }
  return in_range((day - absl::CivilDay(1970, 1, 1)) * kSecondsPerDay +
                      t.hour * 3600 + (t.minute - t.offset_minutes) * 60 +
                      t.second,
                  t.nanos);
}

void scan_time_of_day(Scanner* scanner, Civil* t) {
  t->hour = scanner->number(2, 0, 23);
  scanner->one_of(":");
  t->minute = scanner->number(2, 0, 59);
  scanner->one_of(":");
  t->second = scanner->number(2, 0, 60);
}

int scan_offset(Scanner* scanner, char sign, bool colon) {
  const int hours = scanner->number(2, 0, 23);
  if (colon) scanner->one_of(":");
  const int minutes = hours * 60 + scanner->number(2, 0, 59);
  return sign == '-' ? -minutes : minutes;
}

// Whether the offset that the text ends with is "+02:00" rather than "+0200".
bool ends_with_colon_offset(std::string_view text) {
  return text.size() > 3 && text[text.size() - 3] == ':';
}

std::optional<std::int64_t> parse_common(std::string_view text,
                                         bool zone_required) {
  Scanner scanner(text);
  Civil t;
  t.day = scanner.digit();
  if (scanner.at_digit()) t.day = t.day * 10 + scanner.digit();
  scanner.one_of("/");
  t.month = scanner.month_name();
  scanner.one_of("/");
  t.year = scanner.number(4, 0, 9999);
  scanner.one_of(":");
  scan_time_of_day(&scanner, &t);
  t.nanos = scanner.fraction();
  if (zone_required || !scanner.at_end()) {
    scanner.one_of(" ");
    const char sign = scanner.one_of("+-");
    t.offset_minutes = scan_offset(&scanner, sign, /*colon=*/false);
  }
  return scanner.complete() ? to_unix_ns(t) : std::nullopt;
}

std::optional<std::int64_t> parse_iso(std::string_view text) {
  Scanner scanner(text);
  Civil t;
  t.year = scanner.number(4, 0, 9999);
  scanner.one_of("-/");
  t.month = scanner.number(2, 1, 12);
  scanner.one_of("-/");
  t.day = scanner.number(2, 1, 31);
  scanner.one_of("Tt ");
  scan_time_of_day(&scanner, &t);
  t.nanos = scanner.fraction();
  if (!scanner.at_end()) {
    if (scanner.at(" ")) scanner.one_of(" ");
    const char zone = scanner.one_of("Zz+-");
    if (zone == '+' || zone == '-') {
      t.offset_minutes =
          scan_offset(&scanner, zone, ends_with_colon_offset(text));
    }
  }
  return scanner.complete() ? to_unix_ns(t) : std::nullopt;
}

}  // namespace

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
  Scanner scanner(text);
  Civil t;
  t.year = scanner.number(4, 0, 9999);
  scanner.one_of("-");
  t.month = scanner.number(2, 1, 12);
  scanner.one_of("-");
  t.day = scanner.number(2, 1, 31);
  scanner.one_of("Tt");
  scan_time_of_day(&scanner, &t);
  t.nanos = scanner.fraction();
  const char zone = scanner.one_of("Zz+-");
  if (zone == '+' || zone == '-') {
    t.offset_minutes = scan_offset(&scanner, zone, /*colon=*/true);
  }
  return scanner.complete() ? to_unix_ns(t) : std::nullopt;
}

std::optional<std::int64_t> parse_unix_seconds(std::string_view text) {
  Scanner scanner(text);
  std::int64_t seconds = scanner.digit();
  while (scanner.at_digit()) {
    seconds = std::min(seconds * 10 + scanner.digit(), kEndSeconds);
  }
  const std::int64_t nanos = scanner.fraction();
  return scanner.complete() ? in_range(seconds, nanos) : std::nullopt;
}

std::optional<std::int64_t> parse_common_log_time(std::string_view text) {
  return parse_common(text, /*zone_required=*/true);
}

std::optional<std::int64_t> parse_epoch(std::string_view text) {
  constexpr int kMaxDigits = 19;
  Scanner scanner(text);
  std::int64_t whole = 0;
  for (int digits = 0; scanner.at_digit() && digits < kMaxDigits; ++digits) {
    // 19 digits may exceed 2^63; they then exceed any time, too.
    if (whole > (std::numeric_limits<std::int64_t>::max() - 9) / 10) {
      return std::nullopt;
    }
    whole = whole * 10 + scanner.digit();
  }
  const bool has_digits = !text.empty() && absl::ascii_isdigit(text[0]);
  std::int64_t billionths = scanner.fraction();
  if (!has_digits || !scanner.complete()) return std::nullopt;
  std::int64_t per_second = 1;
  while (per_second < kNanosPerSecond && whole / per_second >= kEndSeconds) {
    per_second *= 1000;
  }
  const std::int64_t unit = kNanosPerSecond / per_second;  // in nanoseconds
  return in_range(whole / per_second,
                  whole % per_second * unit + billionths / per_second);
}

std::optional<std::int64_t> parse_log_time(std::string_view text) {
  // The position of the first separator distinguishes the usual forms.
  if (text.find('/') <= 2) return parse_common(text, /*zone_required=*/false);
  if (text.size() > 4 && (text[4] == '-' || text[4] == '/')) {
    return parse_iso(text);
  }
  return parse_epoch(text);
}

std::string to_rfc3339(std::int64_t unix_ns) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", absl::FromUnixNanos(unix_ns),
                          absl::UTCTimeZone());
}

std::string to_display_time(std::int64_t unix_ns) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", absl::FromUnixNanos(unix_ns),
                          absl::UTCTimeZone());
}

}  // namespace weir::cli
