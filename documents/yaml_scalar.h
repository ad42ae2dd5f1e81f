// Scalars of YAML 1.1 (https://yaml.org/type/).

#ifndef WEIR_DOCUMENTS_YAML_SCALAR_H_
#define WEIR_DOCUMENTS_YAML_SCALAR_H_

#include <optional>
#include <string>
#include <string_view>

namespace weir {

// For the text of a scalar without quotes and tags.
bool is_yaml_null(std::string_view text);
std::optional<bool> yaml_boolean(std::string_view text);
// The number in decimal: "8" for "010". Unlike in YAML 1.1, an exponent needs
// neither a point nor a sign. nullopt if it is not a number, infinite, or an
// integer of more than 63 bits.
std::optional<std::string> yaml_number(std::string_view text);

}  // namespace weir

#endif  // WEIR_DOCUMENTS_YAML_SCALAR_H_
