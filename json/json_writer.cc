#include "weir/json/json_writer.h"

#include <charconv>
#include <cmath>
#include <cstddef>

#include "weir/base/utf8.h"

namespace weir {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";
constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

void append_escaped(char c, std::string* out) {
  switch (c) {
    case '"':
      *out += "\\\"";
      break;
    case '\\':
      *out += "\\\\";
      break;
    case '\n':
      *out += "\\n";
      break;
    case '\r':
      *out += "\\r";
      break;
    case '\t':
      *out += "\\t";
      break;
    default:
      *out += "\\u00";
      *out += kHexDigits[(c >> 4) & 0xF];
      *out += kHexDigits[c & 0xF];
  }
}

}  // namespace

void JsonWriter::key(std::string_view name) {
  next_value();
  append_quoted(name);
  text_ += style_ == JsonStyle::kPretty ? ": " : ":";
  after_key_ = true;
}

void JsonWriter::string(std::string_view value) {
  next_value();
  append_quoted(value);
}

void JsonWriter::number(std::int64_t value) {
  next_value();
  text_ += std::to_string(value);
}

void JsonWriter::number(double value) {
  const std::size_t begin = text_.size();
  plain_number(value);
  if (std::isfinite(value) && text_.find_first_of(".e", begin) == text_.npos) {
    text_ += ".0";
  }
}

void JsonWriter::plain_number(double value) {
  if (!std::isfinite(value)) return null();
  next_value();
  // 0.000001 and 1000000000 are easier to read than 1e-06 and 1e+09.
  const double magnitude = std::fabs(value);
  const bool readable =
      magnitude == 0 || (magnitude >= 1e-7 && magnitude < 1e21);
  char buffer[32];
  const std::to_chars_result result = std::to_chars(
      buffer, buffer + sizeof(buffer), value,
      readable ? std::chars_format::fixed : std::chars_format::scientific);
  text_.append(buffer, result.ptr);
}

void JsonWriter::boolean(bool value) {
  next_value();
  text_ += value ? "true" : "false";
}

void JsonWriter::null() {
  next_value();
  text_ += "null";
}

void JsonWriter::open(char bracket) {
  next_value();
  text_ += bracket;
  ++depth_;
  first_ = true;
}

void JsonWriter::close(char bracket) {
  --depth_;
  if (!first_) new_line();
  text_ += bracket;
  first_ = false;
}

void JsonWriter::next_value() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (!first_) text_ += ',';
  if (depth_ > 0) new_line();
  first_ = false;
}

void JsonWriter::new_line() {
  if (style_ == JsonStyle::kCompact) return;
  text_ += '\n';
  text_.append(2 * depth_, ' ');
}

void JsonWriter::append_quoted(std::string_view value) {
  text_ += '"';
  while (!value.empty()) {
    const char c = value[0];
    const std::size_t bytes = internal::utf8_character_bytes(value);
    if (bytes == 0) {
      text_ += kReplacementCharacter;
    } else if (bytes == 1 && (c < 0x20 || c == '"' || c == '\\')) {
      append_escaped(c, &text_);
    } else {
      text_ += value.substr(0, bytes);
    }
    value.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  text_ += '"';
}

}  // namespace weir
