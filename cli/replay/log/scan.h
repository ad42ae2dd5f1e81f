// Takes lines of text apart.

#ifndef WEIR_CLI_REPLAY_LOG_SCAN_H_
#define WEIR_CLI_REPLAY_LOG_SCAN_H_

#include <optional>
#include <string>
#include <string_view>

namespace weir::cli {

inline constexpr std::string_view kBlanks = " \t";

void skip_blanks(std::string_view* rest);

// Takes what is before the next blank, and the blanks; "" at the end.
std::string_view take_field(std::string_view* rest);

// Takes a field between double quotes, perhaps with blanks in it, and the
// blanks behind it. A character after a backslash does not end it. Nothing if
// `rest` does not begin with such a field.
std::optional<std::string_view> take_quoted(std::string_view* rest);

// Not empty, and ASCII digits alone.
bool is_number(std::string_view text);

// Undoes what logs do to bytes that would end a field: with the escape '\\',
// "\xHH" is a byte and "\c" any other character c, as Apache, nginx and
// Application Load Balancers write them; with '#', "#HH" is, as HAProxy does.
std::string without_escapes(std::string_view text, char escape);

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_LOG_SCAN_H_
