// Reads JSON and YAML text into a tree.

#ifndef WEIR_DOCUMENTS_DOCUMENT_READER_H_
#define WEIR_DOCUMENTS_DOCUMENT_READER_H_

#include <cstddef>
#include <string_view>

#include "absl/status/statusor.h"
#include "documents/document_node.h"
#include "json/json_reader.h"

namespace weir {

struct DocumentLimits {
  std::size_t bytes = kMaxJsonBytes;
  std::size_t values = kMaxJsonValues;
};

// Reads a document: JSON if the first character that is not blank is '{' or
// '[', or there is none, YAML otherwise.
absl::StatusOr<DocumentNode> read_document(std::string_view text,
                                           const DocumentLimits& limits = {});

// As strictly as parse_json() does, with its errors and its bound on depth.
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
//   An alias stands for a copy of its anchor's value, which counts; `<<` adds
//   the members of another mapping that are not there.
//
// InvalidArgument, with line and column, for what is not YAML; for a name that
// is there twice, a name that is no scalar, another tag, an alias inside its
// own anchor, and a second document. ResourceExhausted beyond the limits, for
// more than kMaxJsonDepth collections in one another, and for aliases that
// copy more text than `limits.bytes`.
absl::StatusOr<DocumentNode> read_yaml_document(
    std::string_view text, const DocumentLimits& limits = {});

}  // namespace weir

#endif  // WEIR_DOCUMENTS_DOCUMENT_READER_H_
