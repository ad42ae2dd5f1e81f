// The lexical part of JSON: strings, numbers, words, and positions for errors.

#ifndef WEIR_JSON_JSON_SCANNER_H_
#define WEIR_JSON_JSON_SCANNER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace weir {

// A scanner of JSON text. Each parse function returns whether it succeeded; the
// first that fails sets the status. *thread-compatible*
class JsonScanner {
 public:
  // `text` must outlive this.
  explicit JsonScanner(std::string_view text) : text_(text) {}

  // The failure: InvalidArgument or, after exceed(), ResourceExhausted, with a
  // message that begins with "line 3, column 14: ".
  const absl::Status& status() const { return status_; }
  std::size_t at() const { return at_; }
  void go_to(std::size_t at) { at_ = at; }

  // The next character, which is not consumed; '\0' at the end. A NUL byte is
  // not valid anywhere in JSON, so it may be treated as the end.
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool consume(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void skip_space();

  // REQUIRES: peek() is a double quote. Appends to `out`.
  bool parse_string(std::string* out);
  // Sets the number and its text.
  bool parse_number(double* number, std::string_view* digits);
  bool parse_word(std::string_view word);
  // Checks that nothing but white space follows.
  bool parse_end();

  // These return false.
  bool expect(std::string_view what);
  bool fail(std::string_view message);
  bool exceed(std::string_view what, std::size_t limit);

 private:
  bool parse_escape(std::string* out);
  bool parse_hex(std::uint32_t* out);
  void skip_digits();
  std::string position() const;

  const std::string_view text_;
  std::size_t at_ = 0;
  absl::Status status_;
};

}  // namespace weir

#endif  // WEIR_JSON_JSON_SCANNER_H_
