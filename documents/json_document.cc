#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "weir/documents/document_reader.h"
#include "weir/json/json_parser.h"

namespace weir {
namespace {

// See JsonParser.
class NodeTree {
 public:
  using Value = DocumentNode;

  explicit NodeTree(std::string_view text) : text_(text) {}

  // Offsets only increase.
  void place(DocumentNode* node, std::size_t offset) {
    line_ += static_cast<std::int32_t>(
        std::count(text_.begin() + static_cast<std::ptrdiff_t>(counted_to_),
                   text_.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
    counted_to_ = offset;
    node->line = line_;
  }
  void null(DocumentNode*) {}
  void boolean(DocumentNode* node, bool flag) {
    node->kind = DocumentNode::Kind::kBoolean;
    node->text = flag ? "true" : "false";
  }
  void number(DocumentNode* node, double, std::string_view text) {
    node->kind = DocumentNode::Kind::kNumber;
    node->text = text;
  }
  std::string* text(DocumentNode* node) {
    node->kind = DocumentNode::Kind::kText;
    return &node->text;
  }

  class Array {
   public:
    explicit Array(DocumentNode* node) : node_(*node) {
      node_.kind = DocumentNode::Kind::kSequence;
    }
    DocumentNode* add() { return &node_.items.emplace_back(); }

   private:
    DocumentNode& node_;
  };

  class Object {
   public:
    explicit Object(DocumentNode* node) : node_(*node) {
      node_.kind = DocumentNode::Kind::kMapping;
    }
    DocumentNode* add(const std::string& name) {
      if (!names_.insert(name).second) return nullptr;
      node_.names.push_back(name);
      return &node_.items.emplace_back();
    }

   private:
    DocumentNode& node_;
    absl::flat_hash_set<std::string> names_;
  };

 private:
  const std::string_view text_;
  std::size_t counted_to_ = 0;
  std::int32_t line_ = 1;
};

}  // namespace

absl::StatusOr<DocumentNode> read_json_document(std::string_view text,
                                                const DocumentLimits& limits) {
  if (text.size() > limits.bytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "JSON of ", text.size(), " bytes, more than ", limits.bytes));
  }
  NodeTree tree(text);
  JsonLimits json_limits;
  json_limits.values = limits.values;
  DocumentNode root;
  const absl::Status status =
      JsonParser<NodeTree>(text, tree, json_limits).parse(&root);
  if (!status.ok()) return status;
  return root;
}

absl::StatusOr<DocumentNode> read_document(std::string_view text,
                                           const DocumentLimits& limits) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  const bool is_json =
      begin == text.npos || text[begin] == '{' || text[begin] == '[';
  return is_json ? read_json_document(text, limits)
                 : read_yaml_document(text, limits);
}

}  // namespace weir
