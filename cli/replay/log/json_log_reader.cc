#include <charconv>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "cli/replay/log/named_reader.h"
#include "json/text.h"
#include "simdjson.h"

namespace weir::cli {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMaxNamesShown = 100;
constexpr std::size_t kMaxDepth = 64;  // of objects and arrays in one another

// One step from a value into it.
struct Step {
  std::string name;       // of a member
  std::size_t index = 0;  // of an element, if the value is an array
  bool has_name = true;
  bool has_index = false;
};

Step index_step(std::string_view digits) {
  Step step;
  step.has_name = false;
  step.has_index = absl::SimpleAtoi(to_absl(digits), &step.index);
  return step;
}

std::vector<Step> pointer_steps(std::string_view pointer) {
  std::vector<Step> steps;
  for (const auto& token : absl::StrSplit(to_absl(pointer.substr(1)), '/')) {
    Step step;
    step.name = absl::StrReplaceAll(token, {{"~1", "/"}, {"~0", "~"}});
    step.has_index = absl::SimpleAtoi(token, &step.index);
    steps.push_back(std::move(step));
  }
  return steps;
}

// Of "request.headers.X-Api-Key[0]".
std::vector<Step> dotted_steps(std::string_view text) {
  std::vector<Step> steps;
  for (const auto& part : absl::StrSplit(to_absl(text), '.')) {
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

// The names of all values below `value` that are neither objects nor arrays.
void append_names(const dom::element& value, const std::string& name,
                  std::size_t depth, std::vector<std::string>* names) {
  if (names->size() >= kMaxNamesShown || depth > kMaxDepth) return;
  dom::object object;
  dom::array array;
  if (value.get(object) == simdjson::SUCCESS) {
    for (const dom::key_value_pair member : object) {
      append_names(member.value,
                   name.empty() ? std::string(member.key)
                                : absl::StrCat(name, ".", to_absl(member.key)),
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

// As many digits as tell it from other doubles, without an exponent; "" if that
// would be a long text.
std::string_view to_text(double number, std::string* storage) {
  char text[64];
  const auto result = std::to_chars(std::begin(text), std::end(text), number,
                                    std::chars_format::fixed);
  storage->assign(text, result.ec == std::errc()
                            ? static_cast<std::size_t>(result.ptr - text)
                            : 0);
  return *storage;
}

class JsonReader : public NamedReader {
 public:
  JsonReader(const NamedFormat& format, const FieldChoice& choice)
      : NamedReader(format, choice) {
    for (const Slot& slot : slots()) {
      paths_.push_back(slot.name.substr(0, 1) == "/" ? pointer_steps(slot.name)
                                                     : dotted_steps(slot.name));
    }
  }

  std::vector<std::string> field_names() const override { return names_; }

 private:
  const char* parse(std::string_view record, bool* nothing) override {
    if (record.front() == '#') {
      *nothing = true;
      return nullptr;
    }
    if (record.front() != '{') return "expected a JSON object";
    // simdjson reads beyond the end, so there has to be something.
    if (buffer_.size() < record.size() + simdjson::SIMDJSON_PADDING) {
      buffer_.resize(2 * record.size() + simdjson::SIMDJSON_PADDING);
    }
    std::memcpy(buffer_.data(), record.data(), record.size());
    dom::element root;
    if (parser_.parse(buffer_.data(), record.size(), false).get(root) !=
        simdjson::SUCCESS) {
      return "not JSON, or not UTF-8";
    }
    for (std::size_t i = 0; i < paths_.size(); ++i) {
      bool twice = false;
      if (!fill(root, paths_[i], &slots()[i], &twice)) continue;
      if (twice) return "a member that matters is there twice";
    }
    if (names_.empty()) append_names(root, "", 0, &names_);
    return nullptr;
  }

  // False if there is no such value.
  static bool fill(dom::element value, const std::vector<Step>& path,
                   Slot* slot, bool* twice) {
    // A name with dots may be that of one member.
    dom::element whole;
    if (path.size() > 1 && slot->name[0] != '/' &&
        find_member(value, slot->name, &whole, twice)) {
      value = whole;
    } else {
      for (const Step& step : path) {
        if (!take(step, &value, twice)) return *twice;
      }
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
    return true;
  }

  static bool take(const Step& step, dom::element* value, bool* twice) {
    dom::array array;
    if (step.has_index && value->get(array) == simdjson::SUCCESS) {
      return array.at(step.index).get(*value) == simdjson::SUCCESS;
    }
    return step.has_name && find_member(*value, step.name, value, twice);
  }

  static bool find_member(dom::element value, std::string_view name,
                          dom::element* found, bool* twice) {
    dom::object object;
    if (value.get(object) != simdjson::SUCCESS) return false;
    bool is_there = false;
    for (auto member = object.begin(); member != object.end(); ++member) {
      if (!member.key_equals(name)) continue;
      *twice |= is_there;
      is_there = true;
      *found = member.value();
    }
    return is_there;
  }

  dom::parser parser_;
  std::vector<char> buffer_;
  std::vector<std::vector<Step>> paths_;  // of slots()
  std::vector<std::string> names_;        // in the first record
};

}  // namespace

std::unique_ptr<LogReader> make_json_reader(const NamedFormat& format,
                                            const FieldChoice& choice) {
  return std::make_unique<JsonReader>(format, choice);
}

}  // namespace weir::cli
