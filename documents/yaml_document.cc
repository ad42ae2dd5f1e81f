#include <yaml.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "weir/base/status_macros.h"
#include "weir/base/text.h"
#include "weir/documents/document_reader.h"
#include "weir/documents/yaml_scalar.h"

namespace weir {
namespace {

using Kind = DocumentNode::Kind;

std::string_view view(const yaml_char_t* text) {
  return text == nullptr
             ? std::string_view()
             : std::string_view(reinterpret_cast<const char*>(text));
}

// "line 3, column 14: "
std::string position(const yaml_mark_t& mark) {
  return absl::StrCat("line ", mark.line + 1, ", column ", mark.column + 1,
                      ": ");
}

// Reads the events of a text, one at a time.
class EventReader {
 public:
  explicit EventReader(std::string_view text) {
    ready_ = yaml_parser_initialize(&parser_) == 1;
    if (!ready_) return;
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(
        &parser_, reinterpret_cast<const unsigned char*>(text.data()),
        text.size());
  }
  ~EventReader() {
    drop();
    if (ready_) yaml_parser_delete(&parser_);
  }
  EventReader(const EventReader&) = delete;
  EventReader& operator=(const EventReader&) = delete;

  absl::Status next() {
    drop();
    if (!ready_) return absl::ResourceExhaustedError("out of memory");
    has_event_ = yaml_parser_parse(&parser_, &event_) == 1;
    if (has_event_) return absl::OkStatus();
    if (parser_.error == YAML_MEMORY_ERROR) {
      return absl::ResourceExhaustedError("out of memory");
    }
    const std::string what =
        parser_.problem == nullptr ? "is not YAML" : parser_.problem;
    // Errors in the encoding have an offset instead of a mark.
    return absl::InvalidArgumentError(
        parser_.error == YAML_READER_ERROR
            ? absl::StrCat("byte ", parser_.problem_offset, ": ", what)
            : absl::StrCat(position(parser_.problem_mark), what));
  }

  // REQUIRES: next() returned OK.
  const yaml_event_t& event() const { return event_; }

 private:
  void drop() {
    if (has_event_) yaml_event_delete(&event_);
    has_event_ = false;
  }

  yaml_parser_t parser_;
  yaml_event_t event_;
  bool ready_ = false;
  bool has_event_ = false;
};

// The properties that may precede a value.
struct Properties {
  std::string anchor;
  std::string tag;
};

class YamlReader {
 public:
  YamlReader(std::string_view text, const DocumentLimits& limits)
      : events_(text), limits_(limits) {}

  absl::Status read(DocumentNode* root) {
    WEIR_RETURN_IF_ERROR(events_.next());  // Start.
    WEIR_RETURN_IF_ERROR(events_.next());
    if (events_.event().type == YAML_STREAM_END_EVENT) {
      return fail("expected a document, found the end");
    }
    WEIR_RETURN_IF_ERROR(events_.next());
    WEIR_RETURN_IF_ERROR(read_value(root));
    WEIR_RETURN_IF_ERROR(events_.next());  // End.
    WEIR_RETURN_IF_ERROR(events_.next());
    return events_.event().type == YAML_STREAM_END_EVENT
               ? absl::OkStatus()
               : fail("a second document: expected one");
  }

 private:
  absl::Status fail(std::string_view message) const {
    return fail_at(events_.event().start_mark, message);
  }
  static absl::Status fail_at(const yaml_mark_t& mark,
                              std::string_view message) {
    return absl::InvalidArgumentError(
        absl::StrCat(position(mark), internal::to_absl(message)));
  }
  absl::Status exceed(std::string_view what, std::size_t limit) const {
    return absl::ResourceExhaustedError(
        absl::StrCat(position(events_.event().start_mark), "YAML of more than ",
                     limit, " ", internal::to_absl(what)));
  }

  absl::Status count(std::size_t values) {
    values_ += values;
    return values_ > limits_.values ? exceed("values", limits_.values)
                                    : absl::OkStatus();
  }

  // Reads the value that begins with the present event, up to the event that
  // ends it.
  absl::Status read_value(DocumentNode* node) {
    WEIR_RETURN_IF_ERROR(count(1));
    const yaml_event_t& event = events_.event();
    const yaml_mark_t mark = event.start_mark;
    node->line = static_cast<std::int32_t>(mark.line) + 1;
    Properties properties;
    absl::Status status;
    switch (event.type) {
      case YAML_ALIAS_EVENT:
        return read_alias(node);
      case YAML_SCALAR_EVENT:
        properties = {std::string(view(event.data.scalar.anchor)),
                      std::string(view(event.data.scalar.tag))};
        status = read_scalar(node);
        break;
      case YAML_SEQUENCE_START_EVENT:
        properties = {std::string(view(event.data.sequence_start.anchor)),
                      std::string(view(event.data.sequence_start.tag))};
        open(properties.anchor);
        status = nested([&] { return read_sequence(node); });
        break;
      case YAML_MAPPING_START_EVENT:
        properties = {std::string(view(event.data.mapping_start.anchor)),
                      std::string(view(event.data.mapping_start.tag))};
        open(properties.anchor);
        status = nested([&] { return read_mapping(node); });
        break;
      default:
        return fail("expected a value");
    }
    if (status.ok()) status = apply_tag(properties.tag, mark, node);
    if (status.ok() && !properties.anchor.empty()) {
      status = remember(properties.anchor, *node);
    }
    return status;
  }

  // Without quotes and tag, the text of a scalar determines its type. The
  // argument of a function is text, usually a name.
  absl::Status read_scalar(DocumentNode* node) {
    const auto& scalar = events_.event().data.scalar;
    const std::string_view text(reinterpret_cast<const char*>(scalar.value),
                                scalar.length);
    const std::string_view tag = view(scalar.tag);
    if (scalar.plain_implicit || is_core_tag(tag, "int") ||
        is_core_tag(tag, "float") || is_core_tag(tag, "bool") ||
        is_core_tag(tag, "null")) {
      set_plain_scalar(text, node);
    } else {
      node->kind = Kind::kText;
      node->text = text;
    }
    return absl::OkStatus();
  }

  static void set_plain_scalar(std::string_view text, DocumentNode* node) {
    if (is_yaml_null(text)) return;
    if (const auto flag = yaml_boolean(text)) {
      node->kind = Kind::kBoolean;
      node->text = *flag ? "true" : "false";
    } else {
      node->kind = yaml_number(text).has_value() ? Kind::kNumber : Kind::kText;
      node->text = text;
    }
  }

  absl::Status read_sequence(DocumentNode* node) {
    node->kind = Kind::kSequence;
    for (;;) {
      WEIR_RETURN_IF_ERROR(events_.next());
      if (events_.event().type == YAML_SEQUENCE_END_EVENT) {
        return absl::OkStatus();
      }
      auto status = read_value(&node->items.emplace_back());
      if (!status.ok()) return status;
    }
  }

  absl::Status read_mapping(DocumentNode* node) {
    node->kind = Kind::kMapping;
    absl::flat_hash_set<std::string> names;
    std::vector<DocumentNode> merged;
    for (;;) {
      WEIR_RETURN_IF_ERROR(events_.next());
      if (events_.event().type == YAML_MAPPING_END_EVENT) break;
      const yaml_mark_t mark = events_.event().start_mark;
      const auto name = read_name();
      if (!name.ok()) return name.status();
      WEIR_RETURN_IF_ERROR(events_.next());
      if (!name->has_value()) {
        merged.emplace_back();
        WEIR_RETURN_IF_ERROR(read_value(&merged.back()));
        WEIR_RETURN_IF_ERROR(check_merged(merged.back(), mark));
        continue;
      }
      if (!names.insert(**name).second) {
        return fail_at(mark, absl::StrCat("member ", internal::excerpt(**name),
                                          " is there twice"));
      }
      node->names.push_back(**name);
      auto status = read_value(&node->items.emplace_back());
      if (!status.ok()) return status;
    }
    for (DocumentNode& source : merged) {
      if (source.is_mapping()) {
        merge(&source, &names, node);
        continue;
      }
      for (DocumentNode& item : source.items) merge(&item, &names, node);
    }
    return absl::OkStatus();
  }

  // The name in the present event; nullopt for `<<`.
  absl::StatusOr<std::optional<std::string>> read_name() {
    const yaml_event_t& event = events_.event();
    if (event.type == YAML_ALIAS_EVENT) {
      DocumentNode name;
      WEIR_RETURN_IF_ERROR(read_alias(&name));
      if (!name.is_scalar()) return fail("expected a name");
      return std::optional<std::string>(std::move(name.text));
    }
    if (event.type != YAML_SCALAR_EVENT) return fail("expected a name");
    const auto& scalar = event.data.scalar;
    const std::string_view tag = view(scalar.tag);
    if (!tag.empty() && tag != "!" && !is_core_tag(tag, "str")) {
      return fail(absl::StrCat("tag ", internal::excerpt(tag), " on a name"));
    }
    std::string text(reinterpret_cast<const char*>(scalar.value),
                     scalar.length);
    if (text == "<<" && scalar.plain_implicit) {
      return std::optional<std::string>();
    }
    if (scalar.anchor != nullptr) {
      DocumentNode name;
      name.kind = Kind::kText;
      name.text = text;
      auto status = remember(std::string(view(scalar.anchor)), name);
      if (!status.ok()) return status;
    }
    return std::optional<std::string>(std::move(text));
  }

  static absl::Status check_merged(const DocumentNode& source,
                                   const yaml_mark_t& mark) {
    const bool fits = source.is_mapping() ||
                      (source.is_sequence() &&
                       std::all_of(source.items.begin(), source.items.end(),
                                   [](const DocumentNode& item) {
                                     return item.is_mapping();
                                   }));
    return fits ? absl::OkStatus()
                : fail_at(mark,
                          "expected an object or a list of them for \"<<\"");
  }

  static void merge(DocumentNode* source,
                    absl::flat_hash_set<std::string>* names,
                    DocumentNode* node) {
    for (std::size_t i = 0; i < source->items.size(); ++i) {
      if (!names->insert(source->names[i]).second) continue;
      node->names.push_back(std::move(source->names[i]));
      node->items.push_back(std::move(source->items[i]));
    }
  }

  template <class Read>
  absl::Status nested(Read read) {
    if (depth_ == kMaxJsonDepth) return exceed("levels", kMaxJsonDepth);
    ++depth_;
    absl::Status status = read();
    --depth_;
    return status;
  }

  // -- Anchors --

  struct Anchor {
    DocumentNode value;
    std::size_t values = 0;
    std::size_t bytes = 0;
  };

  // Until its value is complete, an anchor has no value.
  void open(const std::string& anchor) {
    if (!anchor.empty()) anchors_[anchor] = Anchor();
  }

  absl::Status remember(const std::string& name, const DocumentNode& value) {
    Anchor anchor;
    measure(value, &anchor);
    WEIR_RETURN_IF_ERROR(count_copy(anchor));
    anchor.value = value;
    anchors_[name] = std::move(anchor);
    return absl::OkStatus();
  }

  absl::Status read_alias(DocumentNode* node) {
    const std::string name(view(events_.event().data.alias.anchor));
    const auto it = anchors_.find(name);
    if (it == anchors_.end()) {
      return fail(absl::StrCat("there is no anchor ", internal::excerpt(name)));
    }
    if (it->second.values == 0) {
      return fail(
          absl::StrCat("anchor ", internal::excerpt(name), " contains itself"));
    }
    WEIR_RETURN_IF_ERROR(count_copy(it->second));
    *node = it->second.value;
    return absl::OkStatus();
  }

  static void measure(const DocumentNode& node, Anchor* size) {
    ++size->values;
    size->bytes += node.text.size();
    for (const std::string& name : node.names) size->bytes += name.size();
    for (const DocumentNode& item : node.items) measure(item, size);
  }

  absl::Status count_copy(const Anchor& anchor) {
    copied_bytes_ += anchor.bytes;
    if (copied_bytes_ > limits_.bytes) {
      return exceed("bytes in copies of anchors", limits_.bytes);
    }
    return count(anchor.values);
  }

  // -- Tags --

  static bool is_core_tag(std::string_view tag, std::string_view name) {
    constexpr std::string_view kPrefix = "tag:yaml.org,2002:";
    return tag.substr(0, kPrefix.size()) == kPrefix &&
           tag.substr(kPrefix.size()) == name;
  }

  // Whether it is the tag of a CloudFormation function.
  static bool is_function(std::string_view tag) {
    return tag.size() > 1 && tag[0] == '!';
  }

  absl::Status apply_tag(std::string_view tag, const yaml_mark_t& mark,
                         DocumentNode* node) {
    if (is_function(tag)) return call(tag.substr(1), node);
    for (const char* known :
         {"str", "int", "float", "bool", "null", "seq", "map"}) {
      if (is_core_tag(tag, known)) return absl::OkStatus();
    }
    if (tag.empty() || tag == "!") return absl::OkStatus();
    return fail_at(mark, absl::StrCat("unknown tag ", internal::excerpt(tag)));
  }

  // Turns `!F x` into {"Fn::F": x}.
  absl::Status call(std::string_view function, DocumentNode* node) {
    WEIR_RETURN_IF_ERROR(count(1));
    DocumentNode argument = std::move(*node);
    *node = DocumentNode();
    node->kind = Kind::kMapping;
    node->line = argument.line;
    if (function == "GetAtt" && argument.is_text()) split_at_point(&argument);
    node->names.push_back(
        function == "Ref" || function == "Condition"
            ? std::string(function)
            : absl::StrCat("Fn::", internal::to_absl(function)));
    node->items.push_back(std::move(argument));
    return absl::OkStatus();
  }

  // Turns "A.B.C" into ["A", "B.C"].
  static void split_at_point(DocumentNode* argument) {
    const std::string text = std::move(argument->text);
    const std::size_t point = text.find('.');
    if (point == text.npos) {
      argument->text = text;
      return;
    }
    DocumentNode part;
    part.kind = Kind::kText;
    part.line = argument->line;
    argument->kind = Kind::kSequence;
    argument->text.clear();
    for (const std::string& piece :
         {text.substr(0, point), text.substr(point + 1)}) {
      part.text = piece;
      argument->items.push_back(part);
    }
  }

  EventReader events_;
  const DocumentLimits limits_;
  absl::flat_hash_map<std::string, Anchor> anchors_;
  std::size_t values_ = 0;
  std::size_t copied_bytes_ = 0;
  int depth_ = 0;
};

}  // namespace

absl::StatusOr<DocumentNode> read_yaml_document(std::string_view text,
                                                const DocumentLimits& limits) {
  if (text.size() > limits.bytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "YAML of ", text.size(), " bytes, more than ", limits.bytes));
  }
  DocumentNode root;
  const absl::Status status = YamlReader(text, limits).read(&root);
  if (!status.ok()) return status;
  return root;
}

}  // namespace weir
