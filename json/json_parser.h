// Parses the structure of JSON into a tree of the caller's choice.

#ifndef WEIR_JSON_JSON_PARSER_H_
#define WEIR_JSON_JSON_PARSER_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "weir/base/text.h"
#include "weir/json/json_reader.h"
#include "weir/json/json_scanner.h"

namespace weir {

// Limits on the content of a text, apart from its size.
struct JsonLimits {
  std::size_t depth = kMaxJsonDepth;  // Nested arrays and objects.
  std::size_t values = kMaxJsonValues;
};

// Parses one JSON value, as parse_json() does, into a tree that `Tree`
// describes:
//   Tree::Value                   one value, which starts as null
//   Tree::place(value, offset)    called first for each value: where it begins
//   Tree::null(value)
//   Tree::boolean(value, bool)
//   Tree::number(value, double, text)
//   Tree::text(value)             makes it a string; returns the std::string*
//   Tree::Array(value), add()     makes it an array; returns the next element
//   Tree::Object(value), add(name)   makes it an object; returns the next
//                                 member, nullptr if the name is a duplicate
// A value that add() returned is no longer used once add() is called again.
template <class Tree>
class JsonParser {
 public:
  using Value = typename Tree::Value;

  JsonParser(std::string_view text, Tree& tree, const JsonLimits& limits)
      : scanner_(text), tree_(tree), limits_(limits) {}

  absl::Status parse(Value* value) {
    return parse_value(value) && scanner_.parse_end() ? absl::OkStatus()
                                                      : scanner_.status();
  }

 private:
  // Recursive descent, as deep as `limits_.depth`.
  bool parse_value(Value* value) {
    if (++values_ > limits_.values) {
      return scanner_.exceed("values", limits_.values);
    }
    scanner_.skip_space();
    tree_.place(value, scanner_.at());
    switch (scanner_.peek()) {
      case '{':
        return nested([&] { return parse_object(value); });
      case '[':
        return nested([&] { return parse_array(value); });
      case '"':
        return scanner_.parse_string(tree_.text(value));
      case 't':
        tree_.boolean(value, true);
        return scanner_.parse_word("true");
      case 'f':
        tree_.boolean(value, false);
        return scanner_.parse_word("false");
      case 'n':
        tree_.null(value);
        return scanner_.parse_word("null");
      default: {
        double number;
        std::string_view text;
        if (!scanner_.parse_number(&number, &text)) return false;
        tree_.number(value, number, text);
        return true;
      }
    }
  }

  template <typename Parse>
  bool nested(Parse parse) {
    if (depth_ == limits_.depth) {
      return scanner_.exceed("levels", limits_.depth);
    }
    ++depth_;
    scanner_.go_to(scanner_.at() + 1);  // The opening bracket.
    const bool ok = parse();
    --depth_;
    return ok;
  }

  bool parse_object(Value* value) {
    typename Tree::Object object(value);
    scanner_.skip_space();
    if (scanner_.consume('}')) return true;
    do {
      scanner_.skip_space();
      const std::size_t name_at = scanner_.at();
      std::string name;
      if (scanner_.peek() != '"') {
        return scanner_.expect("a member name in double quotes");
      }
      if (!scanner_.parse_string(&name)) return false;
      Value* const member = object.add(name);
      if (member == nullptr) {
        scanner_.go_to(name_at);
        return scanner_.fail(absl::StrCat("member ", internal::excerpt(name),
                                          " is there twice"));
      }
      scanner_.skip_space();
      if (!scanner_.consume(':')) return scanner_.expect("\":\"");
      if (!parse_value(member)) return false;
      scanner_.skip_space();
    } while (scanner_.consume(','));
    return scanner_.consume('}') || scanner_.expect("\",\" or \"}\"");
  }

  bool parse_array(Value* value) {
    typename Tree::Array array(value);
    scanner_.skip_space();
    if (scanner_.consume(']')) return true;
    do {
      if (!parse_value(array.add())) return false;
      scanner_.skip_space();
    } while (scanner_.consume(','));
    return scanner_.consume(']') || scanner_.expect("\",\" or \"]\"");
  }

  JsonScanner scanner_;
  Tree& tree_;
  const JsonLimits limits_;
  std::size_t depth_ = 0;
  std::size_t values_ = 0;
};

}  // namespace weir

#endif  // WEIR_JSON_JSON_PARSER_H_
