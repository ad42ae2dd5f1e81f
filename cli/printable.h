// Conversion of text from logs to safely printable text.

#ifndef WEIR_CLI_PRINTABLE_H_
#define WEIR_CLI_PRINTABLE_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::cli {

// `text` with each byte that is a control character or not valid UTF-8 written
// as "\xHH", so that it can neither control a terminal nor break a document.
// Without `utf8`, everything that is not ASCII is escaped.
std::string printable(std::string_view text, bool utf8 = true);

// A name for a secret: its first four characters and 32 bits of a hash, such as
// "a1b2…5f0c12de". The same secret has the same name in every run.
std::string secret_name(std::string_view secret, bool utf8 = true);

// Printable text truncated to `columns` columns, with an ellipsis in the last
// one if there is more.
std::string shortened(std::string_view text, int columns, bool utf8 = true);

// The number of columns of printable text, one for each character.
int columns(std::string_view text);

// "1,234,567"
std::string with_commas(std::int64_t number);

}  // namespace weir::cli

#endif  // WEIR_CLI_PRINTABLE_H_
