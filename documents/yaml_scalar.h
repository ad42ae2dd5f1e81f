#ifndef WEIR_DOCUMENTS_YAML_SCALAR_H_
#define WEIR_DOCUMENTS_YAML_SCALAR_H_

#include <string_view>

#include "documents/document_node.h"

namespace weir {

// Sets kind and text of `node` to what a scalar without quotes and tags means
// in YAML 1.1 (https://yaml.org/type/): null, a boolean, a number, or text. A
// number of other than plain decimal digits becomes decimal, but infinities,
// NaN and integers of more than 63 bits stay text.
void resolve_plain_scalar(std::string_view text, DocumentNode* node);

}  // namespace weir

#endif  // WEIR_DOCUMENTS_YAML_SCALAR_H_
