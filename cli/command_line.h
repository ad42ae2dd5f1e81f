// Parses a command's flags and operands.

#ifndef WEIR_CLI_COMMAND_LINE_H_
#define WEIR_CLI_COMMAND_LINE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "weir/cli/console.h"

namespace weir::cli {

// The command line of one command. Flags may be before, between and after the
// operands, as `--flag=value` or `--flag value`; everything after `--` is an
// operand. It is parsed once. *thread-compatible*
//
// Likely mistakes of scripts are errors:
//
// * Values and operands must not be empty: an empty one is an unset variable. *
// `--flag value` takes no value that begins with '-', as that is the next
//   flag; `--flag=-value` does. A lone "-" is a value.
// * A flag with one value may be given only once. A switch may be repeated.
class CommandLine {
 public:
  // `usage` is the first line of the help, without "weir "; `description`
  // follows it.
  CommandLine(std::string_view usage, std::string_view description)
      : usage_(usage), description_(description) {}

  // Adds `--name`, or `-n` if it is one letter, which sets `value`. All text,
  // and `value`, must outlive this object.
  void add_flag(std::string_view name, std::string_view help, bool* value);
  // Adds `--name=VALUE`. A placeholder with bars, "text|json", lists the
  // accepted values.
  void add_flag(std::string_view name, std::string_view placeholder,
                std::string_view help, std::string* value);
  // The same for a flag that may be repeated: appends to `values`.
  void add_flag(std::string_view name, std::string_view placeholder,
                std::string_view help, std::vector<std::string>* values);

  // Sets flags and operands. Returns nullopt if the command should continue, or
  // else the exit code: help was requested and is written to `console.out`, or
  // a usage error is written to `console.err`. Expects `operand_count` operands
  // and up to `optional` more.
  std::optional<int> parse(absl::Span<const std::string> arguments,
                           int operand_count, const Console& console,
                           int optional = 0);

  const std::vector<std::string>& operands() const { return operands_; }

  // Writes `message` and a reference to the help; returns kExitUsage.
  int usage_error(const Console& console, std::string_view message) const;

 private:
  struct Flag {
    std::string_view name;
    std::string_view placeholder;  // "": the flag is a switch
    std::string_view help;
    bool* is_set;                      // for a switch
    std::string* value;                // for a flag that is given once
    std::vector<std::string>* values;  // for a flag that may be repeated
    bool is_given = false;
  };

  std::string set(std::string_view argument,
                  absl::Span<const std::string>* rest);
  static std::string assign(std::string_view name, std::string_view value,
                            Flag& flag);
  std::string help() const;

  const std::string_view usage_;
  const std::string_view description_;
  std::vector<Flag> flags_;
  std::vector<std::string> operands_;
  bool help_wanted_ = false;
};

// Whether `text` has only digits and points: the numbers of flags have no sign,
// blank, exponent, "nan" or "inf", which absl::SimpleAtoi() and SimpleAtod()
// would accept.
bool is_plain_number(std::string_view text);

}  // namespace weir::cli

#endif  // WEIR_CLI_COMMAND_LINE_H_
