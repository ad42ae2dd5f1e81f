// Reads JSON and YAML text into a tree.

#ifndef WEIR_DOCUMENTS_DOCUMENT_READER_H_
#define WEIR_DOCUMENTS_DOCUMENT_READER_H_

#include <cstddef>
#include <string_view>

#include "absl/status/statusor.h"
#include "weir/documents/document_node.h"
#include "weir/json/json_reader.h"

namespace weir {

struct DocumentLimits {
  std::size_t bytes = kMaxJsonBytes;
  std::size_t values = kMaxJsonValues;
};

// Reads a document: JSON if the first nonblank character is '{' or '[', or if
// there is none; otherwise YAML.
absl::StatusOr<DocumentNode> read_document(std::string_view text,
                                           const DocumentLimits& limits = {});

// Reads JSON as strictly as parse_json(), with its errors and its limit on
// depth.
absl::StatusOr<DocumentNode> read_json_document(
    std::string_view text, const DocumentLimits& limits = {});

// Reads one YAML document in UTF-8, as CloudFormation's tools do:
//
//   Scalars without quotes and tags are null, booleans and numbers as in YAML
//   1.1: `yes` is true, `1_000` is 1000, `010` is 8, `1:30` is 90; dates are
//   text. Names in mappings are text.
//   Tags of CloudFormation's functions become their long form: `!Ref X` is
//   {"Ref": "X"}, `!GetAtt A.B` is {"Fn::GetAtt": ["A", "B"]}, any other `!F x`
//   is {"Fn::F": x}.
//   An alias is a copy of its anchor's value, and the copy counts toward the
//   limits; `<<` adds the members of another mapping that are missing.
//
// InvalidArgument, with line and column, for text that is not YAML, a duplicate
// name, a name that is not a scalar, another tag, an alias inside its own
// anchor, and a second document. ResourceExhausted beyond the limits, for more
// than kMaxJsonDepth nested collections, and for aliases that copy more text
// than `limits.bytes`.
absl::StatusOr<DocumentNode> read_yaml_document(
    std::string_view text, const DocumentLimits& limits = {});

}  // namespace weir

#endif  // WEIR_DOCUMENTS_DOCUMENT_READER_H_
