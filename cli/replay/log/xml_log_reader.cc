#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "weir/base/text.h"
#include "weir/cli/replay/log/named_reader.h"
#include "weir/cli/replay/log/scan.h"

namespace weir::cli {
namespace {

constexpr const char* kMalformed =
    "expected one XML element with elements of text in it";

bool is_name_byte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' ||
         c == '_' || c == '.' || c == ':';
}

std::string_view take_name(std::string_view* rest) {
  std::size_t end = 0;
  while (end < rest->size() && is_name_byte((*rest)[end])) ++end;
  const std::string_view name = rest->substr(0, end);
  rest->remove_prefix(end);
  return name;
}

bool take(std::string_view prefix, std::string_view* rest) {
  if (rest->substr(0, prefix.size()) != prefix) return false;
  rest->remove_prefix(prefix.size());
  return true;
}

void append_utf8(std::uint32_t code, std::string* text) {
  if (code < 0x80) {
    text->push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    text->push_back(static_cast<char>(0xC0 | code >> 6));
    text->push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else {
    if (code >= 0x10000) {
      text->push_back(static_cast<char>(0xF0 | code >> 18));
      text->push_back(static_cast<char>(0x80 | (code >> 12 & 0x3F)));
    } else {
      text->push_back(static_cast<char>(0xE0 | code >> 12));
    }
    text->push_back(static_cast<char>(0x80 | (code >> 6 & 0x3F)));
    text->push_back(static_cast<char>(0x80 | (code & 0x3F)));
  }
}

// Appends what "&name;" stands for. `name` excludes the '&' and the ';'.
bool append_reference(std::string_view name, std::string* text) {
  static constexpr std::pair<std::string_view, char> kEntities[] = {
      {"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
  for (const auto& [entity, character] : kEntities) {
    if (name == entity) {
      text->push_back(character);
      return true;
    }
  }
  if (!take("#", &name)) return false;
  std::uint32_t code = 0;
  const bool is_code = take("x", &name)
                           ? absl::SimpleHexAtoi(internal::to_absl(name), &code)
                           : absl::SimpleAtoi(internal::to_absl(name), &code);
  if (!is_code || code == 0 || code > 0x10FFFF ||
      (code >= 0xD800 && code < 0xE000)) {
    return false;
  }
  append_utf8(code, text);
  return true;
}

// Text with its references replaced; nullopt if one is unknown.
std::optional<std::string> plain_text(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    const std::size_t reference = text.find('&');
    plain.append(text.substr(0, reference));
    if (reference == text.npos) break;
    text.remove_prefix(reference + 1);
    const std::size_t end = text.find(';');
    if (end == text.npos || !append_reference(text.substr(0, end), &plain)) {
      return std::nullopt;
    }
    text.remove_prefix(end + 1);
  }
  return plain;
}

class XmlReader : public NamedReader {
 public:
  using NamedReader::NamedReader;
  std::vector<std::string> field_names() const override { return names_; }

 private:
  const char* parse(std::string_view record, bool* nothing) override {
    if (record.front() == '#') {
      *nothing = true;
      return nullptr;
    }
    names_are_new_ = names_.empty();
    if (!take("<", &record)) return "expected an XML element";
    const std::string_view outer = take_name(&record);
    if (outer.empty()) return kMalformed;
    for (skip_blanks(&record); !take(">", &record); skip_blanks(&record)) {
      if (!take_attribute(&record)) return kMalformed;
    }
    for (skip_blanks(&record); !take("</", &record); skip_blanks(&record)) {
      if (!take_element(&record)) return kMalformed;
    }
    if (!take(outer, &record) || !take(">", &record)) return kMalformed;
    skip_blanks(&record);
    return record.empty() ? nullptr : kMalformed;
  }

  // id="x"
  bool take_attribute(std::string_view* rest) {
    const std::string_view name = take_name(rest);
    if (name.empty() || !take("=", rest) || rest->empty()) return false;
    const char quote = rest->front();
    const std::size_t end = rest->find(quote, 1);
    if ((quote != '"' && quote != '\'') || end == rest->npos) return false;
    const std::string_view value = rest->substr(1, end - 1);
    rest->remove_prefix(end + 1);
    return add(name == "id" ? "requestId" : name, value);
  }

  // <ip>192.0.2.1</ip>, or <ip/>
  bool take_element(std::string_view* rest) {
    if (!take("<", rest)) return false;
    const std::string_view name = take_name(rest);
    if (name.empty()) return false;
    skip_blanks(rest);
    if (take("/>", rest)) return add(name, "");
    if (!take(">", rest)) return false;
    const std::size_t end = rest->find('<');
    if (end == rest->npos) return false;
    const std::string_view value = rest->substr(0, end);
    rest->remove_prefix(end);
    return take("</", rest) && take(name, rest) && take(">", rest) &&
           add(name, value);
  }

  // Returns false if the value is malformed, or a wanted one occurs twice.
  bool add(std::string_view name, std::string_view value) {
    if (names_are_new_) names_.emplace_back(name);
    for (Slot& slot : slots()) {
      if (slot.name != name) continue;
      auto text = plain_text(value);
      if (!text || slot.exists) return false;
      slot.storage = *std::move(text);
      set(&slot, slot.storage);
    }
    return true;
  }

  std::vector<std::string> names_;
  bool names_are_new_ = true;
};

}  // namespace

std::unique_ptr<LogReader> make_xml_reader(const NamedFormat& format,
                                           const FieldChoice& choice) {
  return std::make_unique<XmlReader>(format, choice);
}

}  // namespace weir::cli
