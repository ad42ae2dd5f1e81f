#include "weir/cli/command_line.h"

#include <algorithm>
#include <cstddef>
#include <ostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "weir/base/text.h"

namespace weir::cli {
namespace {

std::string dashed(std::string_view name) {
  return absl::StrCat(name.size() == 1 ? "-" : "--", internal::to_absl(name));
}

// A lone "-" is standard input or output.
bool looks_like_flag(std::string_view argument) {
  return argument.size() > 1 && argument.front() == '-';
}

}  // namespace

void CommandLine::add_flag(std::string_view name, std::string_view help,
                           bool* value) {
  flags_.push_back({name, "", help, value, nullptr, nullptr});
}

void CommandLine::add_flag(std::string_view name, std::string_view placeholder,
                           std::string_view help, std::string* value) {
  flags_.push_back({name, placeholder, help, nullptr, value, nullptr});
}

void CommandLine::add_flag(std::string_view name, std::string_view placeholder,
                           std::string_view help,
                           std::vector<std::string>* values) {
  flags_.push_back({name, placeholder, help, nullptr, nullptr, values});
}

std::optional<int> CommandLine::parse(absl::Span<const std::string> arguments,
                                      int operand_count, const Console& console,
                                      int optional) {
  while (!arguments.empty()) {
    const std::string_view argument = arguments.front();
    arguments.remove_prefix(1);
    if (argument == "--") {
      operands_.insert(operands_.end(), arguments.begin(), arguments.end());
      break;
    }
    if (!looks_like_flag(argument)) {
      operands_.emplace_back(argument);
      continue;
    }
    const std::string error = set(argument, &arguments);
    if (!error.empty()) return usage_error(console, error);
  }
  if (help_wanted_) {
    console.out << help();
    return kExitOk;
  }
  const int most = operand_count + optional;
  const auto count = static_cast<int>(operands_.size());
  if (count < operand_count || count > most) {
    return usage_error(
        console,
        absl::StrCat("expected ", optional > 0 ? "at most " : "", most,
                     most == 1 ? " operand" : " operands", ", got ", count));
  }
  const auto empty = std::find(operands_.begin(), operands_.end(), "");
  if (empty != operands_.end()) {
    return usage_error(
        console,
        absl::StrCat("operand ", empty - operands_.begin() + 1, " is empty"));
  }
  return std::nullopt;
}

// Sets the flag in `argument`; takes its value from `rest` if `argument` has
// none. Returns the error, or "".
std::string CommandLine::set(std::string_view argument,
                             absl::Span<const std::string>* rest) {
  const std::size_t equals = argument.find('=');
  const std::string_view name = argument.substr(0, equals);
  std::optional<std::string_view> value;
  if (equals != argument.npos) value = argument.substr(equals + 1);

  if (argument == "--help" || argument == "-h") {
    help_wanted_ = true;
    return "";
  }
  const auto flag =
      std::find_if(flags_.begin(), flags_.end(),
                   [name](const Flag& f) { return name == dashed(f.name); });
  if (flag == flags_.end()) {
    return absl::StrCat("unknown flag ", internal::to_absl(name));
  }
  if (flag->is_set != nullptr) {
    if (value) return absl::StrCat(internal::to_absl(name), " takes no value");
    *flag->is_set = true;
    return "";
  }
  if (!value && !rest->empty()) {
    if (looks_like_flag(rest->front())) {
      return absl::StrCat(internal::to_absl(name), " needs a value: ",
                          internal::to_absl(flag->placeholder),
                          " (one that begins with '-' is given as ",
                          internal::to_absl(name), "=VALUE)");
    }
    value = rest->front();
    rest->remove_prefix(1);
  }
  return assign(name, value.value_or(""), *flag);
}

// Sets `flag`, which takes a value and is called `name`, to `value`. Returns
// the error, or "".
std::string CommandLine::assign(std::string_view name, std::string_view value,
                                Flag& flag) {
  if (value.empty()) {
    return absl::StrCat(internal::to_absl(name), " needs a value: ",
                        internal::to_absl(flag.placeholder));
  }
  const std::vector<std::string> choices =
      absl::StrSplit(internal::to_absl(flag.placeholder), '|');
  if (choices.size() > 1 &&
      std::find(choices.begin(), choices.end(), value) == choices.end()) {
    return absl::StrCat(internal::to_absl(name), ": expected ",
                        absl::StrJoin(choices, " or "), ", got ",
                        internal::excerpt(value));
  }
  if (flag.values != nullptr) {
    flag.values->emplace_back(value);
    return "";
  }
  if (std::exchange(flag.is_given, true)) {
    return absl::StrCat(internal::to_absl(name), " is given twice");
  }
  *flag.value = value;
  return "";
}

int CommandLine::usage_error(const Console& console,
                             std::string_view message) const {
  const std::string_view command = usage_.substr(0, usage_.find(' '));
  console.err << "weir: " << command << ": " << message << "\nTry `weir "
              << command << " --help`.\n";
  return kExitUsage;
}

std::string CommandLine::help() const {
  std::string text =
      absl::StrCat("Usage: weir ", internal::to_absl(usage_), "\n\n",
                   internal::to_absl(description_), "\n\nFlags:\n");
  for (const Flag& flag : flags_) {
    absl::StrAppend(&text, "  ", dashed(flag.name),
                    flag.placeholder.empty() ? "" : "=",
                    internal::to_absl(flag.placeholder), "\n");
    for (const auto& line :
         absl::StrSplit(internal::to_absl(flag.help), '\n')) {
      absl::StrAppend(&text, "        ", line, "\n");
    }
  }
  return text;
}

bool is_plain_number(std::string_view text) {
  return text.find_first_not_of("0123456789.") == text.npos;
}

}  // namespace weir::cli
