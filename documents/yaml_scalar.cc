#include "weir/documents/yaml_scalar.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace weir {
namespace {

constexpr std::string_view kNulls[] = {"", "~", "null", "Null", "NULL"};
constexpr std::string_view kTrue[] = {"true", "True", "TRUE", "yes", "Yes",
                                      "YES",  "on",   "On",   "ON"};
constexpr std::string_view kFalse[] = {"false", "False", "FALSE", "no", "No",
                                       "NO",    "off",   "Off",   "OFF"};

template <std::size_t kCount>
bool is_one_of(std::string_view text, const std::string_view (&words)[kCount]) {
  return std::find(std::begin(words), std::end(words), text) != std::end(words);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool consists_of(std::string_view text, std::string_view characters) {
  return text.find_first_not_of(characters) == text.npos;
}

std::string without_underscores(std::string_view text) {
  std::string out(text);
  out.erase(std::remove(out.begin(), out.end(), '_'), out.end());
  return out;
}

std::optional<std::int64_t> parse_in_base(std::string_view digits, int base) {
  std::int64_t number;
  const char* const end = digits.data() + digits.size();
  const auto [parsed_to, error] =
      std::from_chars(digits.data(), end, number, base);
  if (digits.empty() || digits[0] == '-' || error != std::errc() ||
      parsed_to != end) {
    return std::nullopt;
  }
  return number;
}

// "1:30" is 90: each part except the first has one or two digits and is below
// 60.
std::optional<std::int64_t> parse_sexagesimal(std::string_view text) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max() / 60;
  std::int64_t number = 0;
  for (bool first = true;; first = false) {
    const std::size_t colon = text.find(':');
    const std::string_view part = text.substr(0, colon);
    const auto value = parse_in_base(part, 10);
    if (!value.has_value() || number >= kMax ||
        (!first && (part.size() > 2 || *value >= 60))) {
      return std::nullopt;
    }
    number = number * 60 + *value;
    if (colon == text.npos) return number;
    text.remove_prefix(colon + 1);
  }
}

// Parses text without a sign.
std::optional<std::int64_t> parse_integer(std::string_view text) {
  const std::string_view head = text.substr(0, 2);
  if (head == "0b") {
    return parse_in_base(without_underscores(text.substr(2)), 2);
  }
  if (head == "0x") {
    return parse_in_base(without_underscores(text.substr(2)), 16);
  }
  if (text[0] == '0' && text.size() > 1) {
    return consists_of(text, "01234567_")
               ? parse_in_base(without_underscores(text), 8)
               : std::nullopt;
  }
  if (!is_digit(text[0]) || !consists_of(text, "0123456789_:")) {
    return std::nullopt;
  }
  return parse_sexagesimal(without_underscores(text));
}

// Whether text without a sign is a decimal number with a point or just an
// exponent, which YAML 1.1 does not allow but its parsers do.
bool is_decimal_fraction(std::string_view text) {
  const std::size_t exponent = text.find_first_of("eE");
  const std::string_view mantissa = text.substr(0, exponent);
  if (mantissa.empty()) return false;
  if (exponent != text.npos) {
    std::string_view digits = text.substr(exponent + 1);
    if (!digits.empty() && (digits[0] == '+' || digits[0] == '-')) {
      digits.remove_prefix(1);
    }
    if (digits.empty() ||
        !std::all_of(digits.begin(), digits.end(), is_digit)) {
      return false;
    }
  }
  const auto points = std::count(mantissa.begin(), mantissa.end(), '.');
  return points <= 1 && (points == 1 || exponent != text.npos) &&
         mantissa[0] != '_' && consists_of(mantissa, "0123456789_.") &&
         std::any_of(mantissa.begin(), mantissa.end(), is_digit);
}

}  // namespace

bool is_yaml_null(std::string_view text) { return is_one_of(text, kNulls); }

std::optional<bool> yaml_boolean(std::string_view text) {
  if (is_one_of(text, kTrue)) return true;
  if (is_one_of(text, kFalse)) return false;
  return std::nullopt;
}

std::optional<std::string> yaml_number(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative || (!text.empty() && text[0] == '+')) text.remove_prefix(1);
  if (text.empty() || (!is_digit(text[0]) && text[0] != '.')) {
    return std::nullopt;
  }
  const char* const sign = negative ? "-" : "";
  if (const auto number = parse_integer(text)) {
    return absl::StrCat(sign, *number);
  }
  if (!is_decimal_fraction(text)) return std::nullopt;
  return absl::StrCat(sign, without_underscores(text));
}

}  // namespace weir
