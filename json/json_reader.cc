#include "json/json_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "json/text.h"
#include "json/utf8.h"

namespace weir {
namespace {

using google::protobuf::Value;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Whether `value`, which was read from the integer `digits`, equals it.
bool is_exact(std::string_view digits, double value) {
  constexpr std::size_t kAlwaysExact = 15;  // Digits that each double keeps.
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

// Recursive descent. Each parse function returns whether it succeeded; the
// first to fail leaves status_ and at_ where the error is.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  absl::StatusOr<Value> parse() {
    Value value;
    if (!parse_value(&value) || !parse_end()) return status_;
    return value;
  }

 private:
  bool parse_value(Value* value) {
    if (++values_ > kMaxJsonValues) return exceed("values", kMaxJsonValues);
    skip_space();
    switch (peek()) {
      case '{':
        return nested(
            [&] { return parse_object(value->mutable_struct_value()); });
      case '[':
        return nested([&] { return parse_array(value->mutable_list_value()); });
      case '"':
        return parse_string(value->mutable_string_value());
      case 't':
        value->set_bool_value(true);
        return parse_word("true");
      case 'f':
        value->set_bool_value(false);
        return parse_word("false");
      case 'n':
        value->set_null_value(google::protobuf::NULL_VALUE);
        return parse_word("null");
      default:
        return parse_number(value);
    }
  }

  template <typename Parse>
  bool nested(Parse parse) {
    if (depth_ == kMaxJsonDepth) return exceed("levels", kMaxJsonDepth);
    ++depth_;
    ++at_;  // The opening bracket.
    const bool ok = parse();
    --depth_;
    return ok;
  }

  bool parse_object(google::protobuf::Struct* object) {
    skip_space();
    if (consume('}')) return true;
    do {
      skip_space();
      const std::size_t name_at = at_;
      std::string name;
      if (peek() != '"') return expect("a member name in double quotes");
      if (!parse_string(&name)) return false;
      if (object->fields().contains(name)) {
        at_ = name_at;
        return fail(absl::StrCat("member ", excerpt(name), " is there twice"));
      }
      skip_space();
      if (!consume(':')) return expect("\":\"");
      if (!parse_value(&(*object->mutable_fields())[name])) return false;
      skip_space();
    } while (consume(','));
    return consume('}') || expect("\",\" or \"}\"");
  }

  bool parse_array(google::protobuf::ListValue* array) {
    skip_space();
    if (consume(']')) return true;
    do {
      if (!parse_value(array->add_values())) return false;
      skip_space();
    } while (consume(','));
    return consume(']') || expect("\",\" or \"]\"");
  }

  bool parse_string(std::string* out) {
    ++at_;  // The opening quote.
    while (!consume('"')) {
      const std::size_t bytes = utf8_character_bytes(text_.substr(at_));
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

  bool parse_escape(std::string* out) {
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
        // A high surrogate without its low one stays a surrogate.
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

  bool parse_hex(std::uint32_t* out) {
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

  bool parse_number(Value* value) {
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
    double number;
    const std::string_view digits = text_.substr(begin, at_ - begin);
    if (!absl::SimpleAtod(to_absl(digits), &number) || !std::isfinite(number)) {
      at_ = begin;
      return fail(absl::StrCat("number ", excerpt(digits), " is out of range"));
    }
    if (at_ == integer_end && !is_exact(digits, number)) {
      at_ = begin;
      return fail(absl::StrCat("integer ", excerpt(digits),
                               " has more digits than a double keeps: expected "
                               "a string that holds it"));
    }
    value->set_number_value(number);
    return true;
  }

  bool parse_word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return expect("a value");
    at_ += word.size();
    return true;
  }

  bool parse_end() {
    skip_space();
    return at_ == text_.size() || expect("the end of the text");
  }

  // '\0' at the end. A NUL byte in the text is nowhere valid, so that it may be
  // taken for the end does no harm.
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool consume(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void skip_space() {
    at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
  }

  void skip_digits() {
    while (is_digit(peek())) ++at_;
  }

  bool expect(std::string_view what) {
    const std::size_t bytes =
        std::max<std::size_t>(1, utf8_character_bytes(text_.substr(at_)));
    return fail(absl::StrCat(
        "expected ", to_absl(what), ", found ",
        at_ == text_.size() ? "the end" : excerpt(text_.substr(at_, bytes))));
  }

  bool fail(std::string_view message) {
    status_ =
        absl::InvalidArgumentError(absl::StrCat(position(), to_absl(message)));
    return false;
  }

  bool exceed(std::string_view what, int limit) {
    status_ = absl::ResourceExhaustedError(absl::StrCat(
        position(), "JSON of more than ", limit, " ", to_absl(what)));
    return false;
  }

  // "line 3, column 14: ", columns in characters.
  std::string position() const {
    const std::string_view before = text_.substr(0, at_);
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const std::string_view line_before = before.substr(before.rfind('\n') + 1);
    const auto column =
        1 + std::count_if(line_before.begin(), line_before.end(),
                          [](char c) { return (c & 0xC0) != 0x80; });
    return absl::StrCat("line ", line, ", column ", column, ": ");
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  int values_ = 0;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<Value> parse_json(std::string_view text) {
  if (text.size() > kMaxJsonBytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "JSON of ", text.size(), " bytes, more than ", kMaxJsonBytes));
  }
  return Parser(text).parse();
}

}  // namespace weir
