// Reads a command's flags and operands.

#ifndef WEIR_CLI_COMMAND_LINE_H_
#define WEIR_CLI_COMMAND_LINE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "cli/console.h"

namespace weir::cli {

// The command line of one command. Flags may stand before, between and after
// the operands, as `--flag=value` or `--flag value`; what follows `--` are
// operands. It is parsed once. *thread-compatible*
//
// What a script gets wrong is an error rather than another meaning:
//
// * No value and no operand is empty: it is a variable that is not set.
// * `--flag value` takes no value that begins with '-', for that is the next
//   flag; `--flag=-value` does. A lone "-" is a value.
// * A flag with one value is given once. A switch may be repeated.
class CommandLine {
 public:
  // `usage` is the first line of the help, without "weir "; `description`, what
  // follows it.
  CommandLine(std::string_view usage, std::string_view description)
      : usage_(usage), description_(description) {}

  // `--name`, or `-n` if it is one letter, which sets `value`. All text, and
  // `value`, must outlive this.
  void add_flag(std::string_view name, std::string_view help, bool* value);
  // `--name=VALUE`. A placeholder with bars, "text|json", lists the values that
  // are accepted.
  void add_flag(std::string_view name, std::string_view placeholder,
                std::string_view help, std::string* value);
  // The same for a flag that may be repeated: appends to `values`.
  void add_flag(std::string_view name, std::string_view placeholder,
                std::string_view help, std::vector<std::string>* values);

  // Sets flags and operands. Returns nothing if the command is to go on, else
  // the exit code: help was asked for and is written to `console.out`, or a
  // usage error is written to `console.err`. Exactly `operand_count` operands
  // are expected, or up to `optional` more.
  std::optional<int> parse(absl::Span<const std::string> arguments,
                           int operand_count, const Console& console,
                           int optional = 0);

  const std::vector<std::string>& operands() const { return operands_; }

  // Writes `message` and a pointer to the help; returns kExitUsage.
  int usage_error(const Console& console, std::string_view message) const;

 private:
  struct Flag {
    std::string_view name;
    std::string_view placeholder;  // "": the flag is a switch
    std::string_view help;
    bool* is_set;                      // of a switch
    std::string* value;                // of a flag that is given once
    std::vector<std::string>* values;  // of one that may be repeated
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

// Whether `text` is digits and points alone: the numbers of flags have no sign,
// blank, exponent, "nan" or "inf", which absl::SimpleAtoi() and SimpleAtod()
// take.
bool is_plain_number(std::string_view text);

}  // namespace weir::cli

#endif  // WEIR_CLI_COMMAND_LINE_H_
