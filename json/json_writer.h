// Writes JSON text, one member at a time.

#ifndef WEIR_JSON_JSON_WRITER_H_
#define WEIR_JSON_JSON_WRITER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace weir {

enum class JsonStyle {
  kCompact,  // No white space: {"id":"a1","tags":{}}
  kPretty,   // One member per line, indented by two spaces.
};

// A writer that appends JSON to a string. The caller balances begin_ and end_
// calls, and names the members of objects with key(). The writer does the rest
// (commas, escapes, line ends).
//
//   JsonWriter json(JsonStyle::kCompact);
//   json.begin_object();
//   json.key("limit");
//   json.number(int64_t{500});
//   json.end_object();
//   json.text();  // {"limit":500}
//
// This class is *thread-compatible*.
class JsonWriter {
 public:
  explicit JsonWriter(JsonStyle style) : style_(style) {}

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }

  // The name of the member that the next call writes.
  void key(std::string_view name);

  // A byte that is not part of valid UTF-8 becomes U+FFFD.
  void string(std::string_view value);

  void number(std::int64_t value);

  // Writes the shortest decimal that parses back to `value`, always with a
  // fraction or an exponent. JSON has no infinities and no NaN: they become
  // null.
  void number(double value);
  // The same, but a whole number is written as an integer, 10 rather than 10.0,
  // with all its digits; from 1e21 on it has an exponent. Negative zero is -0.
  void plain_number(double value);

  void boolean(bool value);
  void null();

  const std::string& text() const& { return text_; }
  std::string text() && { return std::move(text_); }

 private:
  void open(char bracket);
  void close(char bracket);
  void next_value();
  void new_line();
  void append_quoted(std::string_view value);

  const JsonStyle style_;
  std::string text_;
  int depth_ = 0;
  bool first_ = true;       // No value was written between these brackets yet.
  bool after_key_ = false;  // The next value belongs to a key.
};

}  // namespace weir

#endif  // WEIR_JSON_JSON_WRITER_H_
