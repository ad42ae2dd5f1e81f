#include "weir/json/json_scanner.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "weir/base/text.h"
#include "weir/base/utf8.h"

namespace weir {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Whether `value`, which was parsed from the integer `digits`, equals it.
bool is_exact(std::string_view digits, double value) {
  constexpr std::size_t kAlwaysExact = 15;  // Digits that any double keeps.
  if (digits.size() <= kAlwaysExact) return true;
  char buffer[std::numeric_limits<double>::max_exponent10 + 3];
  const std::to_chars_result all =
      std::to_chars(buffer, buffer + sizeof(buffer), value,
                    std::chars_format::fixed, /*precision=*/0);
  return digits == std::string_view(buffer, all.ptr - buffer);
}

void append_utf8(std::uint32_t code_point, std::string* out) {
  const auto tail = [&](int shift) {
    *out += static_cast<char>(0x80 | (code_point >> shift & 0x3F));
  };
  if (code_point < 0x80) {
    *out += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    *out += static_cast<char>(0xC0 | code_point >> 6);
    tail(0);
  } else if (code_point < 0x10000) {
    *out += static_cast<char>(0xE0 | code_point >> 12);
    tail(6);
    tail(0);
  } else {
    *out += static_cast<char>(0xF0 | code_point >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace

bool JsonScanner::parse_string(std::string* out) {
  ++at_;  // The opening quote.
  while (!consume('"')) {
    const std::size_t bytes = internal::utf8_character_bytes(text_.substr(at_));
    if (at_ == text_.size()) return expect("the string's closing quote");
    if (bytes == 0) return fail("bytes that are not UTF-8");
    if (static_cast<unsigned char>(peek()) < 0x20) {
      return fail("a control character in a string: it must be escaped");
    }
    if (peek() == '\\') {
      if (!parse_escape(out)) return false;
    } else {
      out->append(text_.substr(at_, bytes));
      at_ += bytes;
    }
  }
  return true;
}

bool JsonScanner::parse_escape(std::string* out) {
  constexpr std::string_view kEscapes = "\"\\/bfnrt";
  constexpr std::string_view kEscaped = "\"\\/\b\f\n\r\t";
  const std::size_t escape_at = at_++;
  if (consume('u')) {
    std::uint32_t code_point;
    if (!parse_hex(&code_point)) return false;
    if (code_point >= 0xD800 && code_point < 0xDC00 && consume('\\') &&
        consume('u')) {
      std::uint32_t low;
      if (!parse_hex(&low)) return false;
      // A high surrogate without a low one remains a surrogate.
      if (low >= 0xDC00 && low < 0xE000) {
        code_point = 0x10000 + ((code_point - 0xD800) << 10) + (low - 0xDC00);
      }
    }
    if (code_point >= 0xD800 && code_point < 0xE000) {
      at_ = escape_at;
      return fail("half of a surrogate pair");
    }
    append_utf8(code_point, out);
    return true;
  }
  const std::size_t index = kEscapes.find(peek());
  if (at_ == text_.size() || index == kEscapes.npos) {
    return expect("one of \"\\/bfnrtu after a backslash");
  }
  *out += kEscaped[index];
  ++at_;
  return true;
}

bool JsonScanner::parse_hex(std::uint32_t* out) {
  *out = 0;
  for (int i = 0; i < 4; ++i, ++at_) {
    constexpr std::string_view kDigits = "0123456789abcdef0123456789ABCDEF";
    const std::size_t digit = kDigits.find(peek());
    if (at_ == text_.size() || digit == kDigits.npos) {
      return expect("four hexadecimal digits");
    }
    *out = *out << 4 | static_cast<std::uint32_t>(digit & 0xF);
  }
  return true;
}

bool JsonScanner::parse_number(double* number, std::string_view* digits) {
  const std::size_t begin = at_;
  consume('-');
  if (!is_digit(peek())) {
    at_ = begin;
    return expect("a value");
  }
  if (!consume('0')) skip_digits();
  const std::size_t integer_end = at_;
  if (consume('.')) {
    if (!is_digit(peek())) return expect("a digit");
    skip_digits();
  }
  if (consume('e') || consume('E')) {
    if (!consume('+')) consume('-');
    if (!is_digit(peek())) return expect("a digit");
    skip_digits();
  }
  *digits = text_.substr(begin, at_ - begin);
  if (!absl::SimpleAtod(internal::to_absl(*digits), number) ||
      !std::isfinite(*number)) {
    at_ = begin;
    return fail(absl::StrCat("number ", internal::excerpt(*digits),
                             " is out of range"));
  }
  if (at_ == integer_end && !is_exact(*digits, *number)) {
    at_ = begin;
    return fail(absl::StrCat("integer ", internal::excerpt(*digits),
                             " has more digits than a double keeps: expected "
                             "a string that holds it"));
  }
  return true;
}

bool JsonScanner::parse_word(std::string_view word) {
  if (text_.substr(at_, word.size()) != word) return expect("a value");
  at_ += word.size();
  return true;
}

bool JsonScanner::parse_end() {
  skip_space();
  return at_ == text_.size() || expect("the end of the text");
}

void JsonScanner::skip_space() {
  at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
}

void JsonScanner::skip_digits() {
  while (is_digit(peek())) ++at_;
}

bool JsonScanner::expect(std::string_view what) {
  const std::size_t bytes = std::max<std::size_t>(
      1, internal::utf8_character_bytes(text_.substr(at_)));
  return fail(absl::StrCat("expected ", internal::to_absl(what), ", found ",
                           at_ == text_.size()
                               ? "the end"
                               : internal::excerpt(text_.substr(at_, bytes))));
}

bool JsonScanner::fail(std::string_view message) {
  status_ = absl::InvalidArgumentError(
      absl::StrCat(position(), internal::to_absl(message)));
  return false;
}

bool JsonScanner::exceed(std::string_view what, std::size_t limit) {
  status_ = absl::ResourceExhaustedError(absl::StrCat(
      position(), "JSON of more than ", limit, " ", internal::to_absl(what)));
  return false;
}

// "line 3, column 14: ", columns in characters.
std::string JsonScanner::position() const {
  const std::string_view before = text_.substr(0, at_);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::string_view line_before = before.substr(before.rfind('\n') + 1);
  const auto column =
      1 + std::count_if(line_before.begin(), line_before.end(),
                        [](char c) { return (c & 0xC0) != 0x80; });
  return absl::StrCat("line ", line, ", column ", column, ": ");
}

}  // namespace weir
