#include <charconv>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "simdjson.h"
#include "weir/base/text.h"
#include "weir/base/utf8.h"
#include "weir/cli/replay/log/named_reader.h"

namespace weir::cli {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMaxNamesShown = 100;
constexpr std::size_t kMaxDepth = 64;  // of nested objects and arrays

// One step of a path, from a value to a part of it.
struct Step {
  std::string name;       // of a member
  std::size_t index = 0;  // of an element, if the value is an array
  bool has_name = true;
  bool has_index = false;
};

Step index_step(std::string_view digits) {
  Step step;
  step.has_name = false;
  step.has_index = absl::SimpleAtoi(internal::to_absl(digits), &step.index);
  return step;
}

std::vector<Step> pointer_steps(std::string_view pointer) {
  std::vector<Step> steps;
  for (const auto& token :
       absl::StrSplit(internal::to_absl(pointer.substr(1)), '/')) {
    Step step;
    step.name = absl::StrReplaceAll(token, {{"~1", "/"}, {"~0", "~"}});
    step.has_index = absl::SimpleAtoi(token, &step.index);
    steps.push_back(std::move(step));
  }
  return steps;
}

// The steps of "request.headers.X-Api-Key[0]".
std::vector<Step> dotted_steps(std::string_view text) {
  std::vector<Step> steps;
  for (const auto& part : absl::StrSplit(internal::to_absl(text), '.')) {
    std::string_view name(part.data(), part.size());
    std::size_t bracket = name.find('[');
    if (bracket != 0) {
      Step step;
      step.name = std::string(name.substr(0, bracket));
      steps.push_back(std::move(step));
    }
    while (bracket != name.npos) {
      name.remove_prefix(bracket + 1);
      steps.push_back(index_step(name.substr(0, name.find(']'))));
      bracket = name.find('[');
    }
  }
  return steps;
}

// Appends the names of all values below `value` that are neither objects nor
// arrays.
void append_names(const dom::element& value, const std::string& name,
                  std::size_t depth, std::vector<std::string>* names) {
  if (names->size() >= kMaxNamesShown || depth > kMaxDepth) return;
  dom::object object;
  dom::array array;
  if (value.get(object) == simdjson::SUCCESS) {
    for (const dom::key_value_pair member : object) {
      append_names(member.value,
                   name.empty()
                       ? std::string(member.key)
                       : absl::StrCat(name, ".", internal::to_absl(member.key)),
                   depth + 1, names);
    }
  } else if (value.get(array) == simdjson::SUCCESS) {
    std::size_t index = 0;
    for (const dom::element element : array) {
      append_names(element, absl::StrCat(name, "[", index++, "]"), depth + 1,
                   names);
    }
  } else {
    names->push_back(name);
  }
}

template <typename Number>
std::string_view to_text(Number number, std::string* storage) {
  char text[32];
  const auto end = std::to_chars(std::begin(text), std::end(text), number).ptr;
  storage->assign(text, static_cast<std::size_t>(end - text));
  return *storage;
}

// The shortest digits that identify the double, without an exponent; "" if the
// text would be long.
std::string_view to_text(double number, std::string* storage) {
  char text[64];
  const auto result = std::to_chars(std::begin(text), std::end(text), number,
                                    std::chars_format::fixed);
  storage->assign(text, result.ec == std::errc()
                            ? static_cast<std::size_t>(result.ptr - text)
                            : 0);
  return *storage;
}

bool is_hex_digit(char c) {
  return absl::ascii_isxdigit(static_cast<unsigned char>(c));
}

// Repairs almost-JSON: by default, nginx writes "\xHH" for quotes and other
// bytes; with escape=json, it keeps bytes that are not UTF-8. Both become the
// character of that number, so that clients cannot hide requests with them.
std::string repaired(std::string_view text) {
  std::string result;
  const auto append_byte = [&result](unsigned byte) {
    absl::StrAppend(&result, "\\u", absl::Hex(byte, absl::kZeroPad4));
  };
  while (!text.empty()) {
    unsigned byte = 0;
    const std::size_t character = internal::utf8_character_bytes(text);
    if (character == 0) {
      append_byte(static_cast<unsigned char>(text.front()));
      text.remove_prefix(1);
    } else if (text.substr(0, 2) == "\\x" && text.size() >= 4 &&
               is_hex_digit(text[2]) && is_hex_digit(text[3]) &&
               absl::SimpleHexAtoi(internal::to_absl(text.substr(2, 2)),
                                   &byte)) {
      append_byte(byte);
      text.remove_prefix(4);
    } else {
      const std::size_t size =
          text.front() == '\\' && text.size() > 1 &&
                  internal::utf8_character_bytes(text.substr(1)) == 1
              ? 2
              : character;
      result.append(text.substr(0, size));
      text.remove_prefix(size);
    }
  }
  return result;
}

class JsonReader : public NamedReader {
 public:
  JsonReader(const NamedFormat& format, const FieldChoice& choice)
      : NamedReader(format, choice) {
    for (std::size_t i = 0; i < slots().size(); ++i) {
      const std::string& name = slots()[i].name;
      std::vector<Step> steps =
          name.front() == '/' ? pointer_steps(name) : dotted_steps(name);
      const std::string first = steps.front().name;
      steps.erase(steps.begin());
      // A name with dots may also be the name of one member.
      if (!steps.empty() && name.front() != '/') add_root(name, {i, {}});
      add_root(first, {i, std::move(steps)});
    }
  }

  std::vector<std::string> field_names() const override { return names_; }

 private:
  // A slot, and the path to its value from a member of the outer object.
  struct Target {
    std::size_t slot;
    std::vector<Step> steps;
  };
  struct Root {
    std::string name;
    std::vector<Target> targets;
    bool was_seen = false;  // in the current record
  };

  void add_root(const std::string& name, Target target) {
    for (Root& root : roots_) {
      if (root.name != name) continue;
      root.targets.push_back(std::move(target));
      return;
    }
    roots_.push_back({name, {std::move(target)}});
  }

  const char* parse(std::string_view record, bool* nothing) override {
    if (record.front() == '#') {
      *nothing = true;
      return nullptr;
    }
    if (record.front() != '{') return "expected a JSON object";
    dom::element root_value;
    if (!parse_json(record, &root_value) &&
        !parse_json(repaired(record), &root_value)) {
      return "not JSON";
    }
    dom::object object;
    if (root_value.get(object) != simdjson::SUCCESS) return "not JSON";
    for (Root& root : roots_) root.was_seen = false;
    bool twice = false;
    for (auto member = object.begin(); member != object.end(); ++member) {
      Root* const root = find_root(member.key());
      if (root == nullptr) continue;
      twice |= root->was_seen;
      root->was_seen = true;
      for (const Target& target : root->targets) {
        Slot& slot = slots()[target.slot];
        if (!slot.exists) fill(member.value(), target.steps, &slot, &twice);
      }
    }
    if (twice) return "a member that matters is there twice";
    if (names_.empty()) append_names(root_value, "", 0, &names_);
    return nullptr;
  }

  bool parse_json(std::string_view text, dom::element* value) {
    // simdjson reads beyond the end, so the buffer needs padding.
    if (buffer_.size() < text.size() + simdjson::SIMDJSON_PADDING) {
      buffer_.resize(2 * text.size() + simdjson::SIMDJSON_PADDING);
    }
    std::memcpy(buffer_.data(), text.data(), text.size());
    return parser_.parse(buffer_.data(), text.size(), false).get(*value) ==
           simdjson::SUCCESS;
  }

  Root* find_root(std::string_view name) {
    for (Root& root : roots_) {
      if (root.name.size() == name.size() &&
          std::memcmp(root.name.data(), name.data(), name.size()) == 0) {
        return &root;
      }
    }
    return nullptr;
  }

  static void fill(dom::element value, const std::vector<Step>& steps,
                   Slot* slot, bool* twice) {
    for (const Step& step : steps) {
      if (!take(step, &value, twice)) return;
    }
    slot->exists = true;
    std::string_view text;
    std::int64_t integer = 0;
    std::uint64_t natural = 0;
    double number = 0;
    bool boolean = false;
    if (value.get(text) == simdjson::SUCCESS) {
      set(slot, text);
    } else if (value.is_object() || value.is_array()) {
      slot->has_parts = true;
    } else if (value.get(integer) == simdjson::SUCCESS) {
      set(slot, to_text(integer, &slot->storage));
    } else if (value.get(natural) == simdjson::SUCCESS) {
      set(slot, to_text(natural, &slot->storage));
    } else if (value.get(number) == simdjson::SUCCESS) {
      set(slot, to_text(number, &slot->storage));
    } else if (value.get(boolean) == simdjson::SUCCESS) {
      set(slot, boolean ? "true" : "false");
    }
  }

  // Takes one step from a value. Returns false if it has no such part.
  static bool take(const Step& step, dom::element* value, bool* twice) {
    dom::array array;
    if (step.has_index && value->get(array) == simdjson::SUCCESS) {
      return array.at(step.index).get(*value) == simdjson::SUCCESS;
    }
    dom::object object;
    if (!step.has_name || value->get(object) != simdjson::SUCCESS) return false;
    bool is_there = false;
    for (auto member = object.begin(); member != object.end(); ++member) {
      if (!member.key_equals(step.name)) continue;
      *twice |= is_there;
      is_there = true;
      *value = member.value();
    }
    return is_there;
  }

  dom::parser parser_;
  std::vector<char> buffer_;
  std::vector<Root> roots_;
  std::vector<std::string> names_;  // in the first record
};

}  // namespace

std::unique_ptr<LogReader> make_json_reader(const NamedFormat& format,
                                            const FieldChoice& choice) {
  return std::make_unique<JsonReader>(format, choice);
}

}  // namespace weir::cli
