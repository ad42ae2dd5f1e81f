// JSON and YAML documents as a tree whose values know their lines.

#ifndef WEIR_DOCUMENTS_DOCUMENT_NODE_H_
#define WEIR_DOCUMENTS_DOCUMENT_NODE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/struct.pb.h"

namespace weir {

// One value of a document. *thread-compatible*
struct DocumentNode {
  enum class Kind : std::uint8_t {
    kNull,
    kBoolean,   // `text` is "true" or "false"
    kNumber,    // `text` is the number as it was written: 1.10, or in YAML 0x10
    kText,      // `text`
    kSequence,  // `items`
    kMapping,   // `items`, with their `names`
  };
  Kind kind = Kind::kNull;
  std::int32_t line = 0;  // The line where it begins, from 1.
  std::string text;
  std::vector<std::string> names;  // Without duplicates.
  std::vector<DocumentNode> items;

  bool is_null() const { return kind == Kind::kNull; }
  bool is_text() const { return kind == Kind::kText; }
  bool is_sequence() const { return kind == Kind::kSequence; }
  bool is_mapping() const { return kind == Kind::kMapping; }
  // Whether it is neither a sequence nor a mapping.
  bool is_scalar() const { return !is_sequence() && !is_mapping(); }

  // The member of a mapping; null if there is none, or this is not a mapping.
  // Takes time linear in the number of members.
  const DocumentNode* find(std::string_view name) const;

  // The value of a number, or of a decimal number in a string; nullopt if there
  // is none or it is not finite.
  std::optional<double> number() const;
  // The same for whole numbers: 500, 5e2 and "500", not 0.5.
  std::optional<std::int64_t> integer() const;
};

// Describes the node for errors: `null`, `true`, `number 5`, `string "a"`, `a
// list`, `an object`.
std::string describe(const DocumentNode& node);

// Converts `node` to a Value, without the lines. Numbers become doubles.
google::protobuf::Value to_value(const DocumentNode& node);

// The path of the member `name` of `path`: "Resources.Gold", or
// `Throttle["/pets/GET"]` for a name with other characters than letters,
// digits, '_' and '-'.
std::string member_path(std::string_view path, std::string_view name);
// The path of an element of `path`: "ApiStages[0]".
std::string element_path(std::string_view path, std::size_t index);

}  // namespace weir

#endif  // WEIR_DOCUMENTS_DOCUMENT_NODE_H_
