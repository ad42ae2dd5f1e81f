// Functions that split lines of text.

#ifndef WEIR_CLI_REPLAY_LOG_SCAN_H_
#define WEIR_CLI_REPLAY_LOG_SCAN_H_

#include <optional>
#include <string>
#include <string_view>

namespace weir::cli {

inline constexpr std::string_view kBlanks = " \t";

void skip_blanks(std::string_view* rest);

// Takes the text before the next blank, and the blanks; "" at the end.
std::string_view take_field(std::string_view* rest);

// Takes a field in double quotes, which may contain blanks, and the blanks
// after it. A quote after a backslash does not end it. nullopt if `rest` does
// not begin with such a field.
std::optional<std::string_view> take_quoted(std::string_view* rest);

// Whether `text` consists of one or more ASCII digits.
bool is_number(std::string_view text);

// Undoes the escaping of bytes in a log. With the escape '\\', "\xHH" is a byte
// and "\c" any other character c, as Apache, nginx and Application Load
// Balancers write them; with '#', "#HH" is a byte, as HAProxy writes it.
std::string without_escapes(std::string_view text, char escape);

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_LOG_SCAN_H_
