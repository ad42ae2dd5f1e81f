#include "weir/serve/testing/metrics_parser.h"

#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "weir/base/status_macros.h"
#include "weir/base/text.h"

namespace weir {
namespace {

class Parser {
 public:
  absl::Status parse_line(std::string_view line) {
    line_ = line;
    if (skip("# HELP ")) return parse_help();
    if (skip("# TYPE ")) return parse_type();
    return parse_sample();
  }

  // Checks that the last metric has a type.
  absl::Status end() const {
    return present_ != nullptr && present_->type.empty()
               ? absl::InvalidArgumentError("a metric without a type")
               : absl::OkStatus();
  }

  std::map<std::string, ParsedMetric> metrics() && {
    return std::move(metrics_);
  }

 private:
  static absl::Status error(const char* problem) {
    return absl::InvalidArgumentError(problem);
  }

  bool skip(std::string_view text) {
    if (line_.substr(0, text.size()) != text) return false;
    line_.remove_prefix(text.size());
    return true;
  }

  // [a-zA-Z_][a-zA-Z0-9_]*; "" if there is none.
  std::string take_name() {
    size_t size = 0;
    while (size < line_.size() &&
           (line_[size] == '_' ||
            (size == 0 ? absl::ascii_isalpha(line_[size])
                       : absl::ascii_isalnum(line_[size])))) {
      ++size;
    }
    std::string name(line_.substr(0, size));
    line_.remove_prefix(size);
    return name;
  }

  // Takes the text up to `end` or the end of the line. Returns false if a
  // backslash escapes anything but itself, a newline or `end`.
  bool take_escaped(char end, std::string* text) {
    while (!line_.empty() && line_.front() != end) {
      char c = line_.front();
      line_.remove_prefix(1);
      if (c == '\\') {
        if (line_.empty()) return false;
        c = line_.front() == 'n' ? '\n' : line_.front();
        if (c != '\n' && c != '\\' && c != end) return false;
        line_.remove_prefix(1);
      }
      text->push_back(c);
    }
    return true;
  }

  absl::Status parse_help() {
    WEIR_RETURN_IF_ERROR(end());
    const std::string name = take_name();
    if (name.empty() || !skip(" ")) return error("a HELP without a name");
    const auto [metric, is_new] = metrics_.try_emplace(name);
    if (!is_new) return error("a metric that was there before");
    name_ = name;
    present_ = &metric->second;
    if (!take_escaped('\0', &present_->help) || present_->help.empty()) {
      return error("a bad help text");
    }
    return absl::OkStatus();
  }

  absl::Status parse_type() {
    if (present_ == nullptr || take_name() != name_ || !skip(" ")) {
      return error("a TYPE that does not follow its HELP");
    }
    if (!present_->type.empty()) return error("a second TYPE");
    if (line_ != "counter" && line_ != "gauge") return error("a bad type");
    if ((line_ == "counter") != absl::EndsWith(name_, "_total")) {
      return error("a counter, and no other, ends in _total");
    }
    present_->type = std::string(line_);
    return absl::OkStatus();
  }

  absl::Status parse_sample() {
    if (present_ == nullptr || present_->type.empty() || take_name() != name_) {
      return error("a sample that does not follow its TYPE");
    }
    const std::string_view labels_begin = line_;
    if (skip("{")) {
      WEIR_RETURN_IF_ERROR(parse_labels());
    }
    const std::string labels(
        labels_begin.substr(0, labels_begin.size() - line_.size()));
    if (!skip(" ")) return error("a sample without a value");
    const std::string text(line_);
    char* value_end = nullptr;
    const double value = std::strtod(text.c_str(), &value_end);
    if (text.empty() || absl::ascii_isspace(text[0]) || *value_end != '\0') {
      return error("a bad value");
    }
    if (present_->type == "counter" && !(value >= 0)) {
      return error("a counter that is negative");
    }
    if (!present_->samples.emplace(labels, value).second) {
      return error("a series that was there before");
    }
    return absl::OkStatus();
  }

  // Parses up to the closing brace.
  absl::Status parse_labels() {
    std::set<std::string> names;
    do {
      const std::string name = take_name();
      if (name.empty() || absl::StartsWith(name, "__")) {
        return error("a bad name of a label");
      }
      if (!names.insert(name).second) return error("a label twice");
      std::string value;
      if (!skip("=\"") || !take_escaped('"', &value) || !skip("\"")) {
        return error("a bad value of a label");
      }
    } while (skip(","));
    return skip("}") ? absl::OkStatus() : error("labels without an end");
  }

  std::map<std::string, ParsedMetric> metrics_;
  std::string_view line_;  // the rest of the current line
  std::string name_;
  ParsedMetric* present_ = nullptr;
};

}  // namespace

absl::StatusOr<std::map<std::string, ParsedMetric>> parse_metrics(
    std::string_view text) {
  Parser parser;
  while (!text.empty()) {
    const size_t size = text.find('\n');
    const std::string_view line = text.substr(0, size);
    if (size == text.npos) {
      return absl::InvalidArgumentError("the last line has no end");
    }
    if (auto status = parser.parse_line(line); !status.ok()) {
      return internal::with_prefix(status,
                                   absl::StrCat(internal::excerpt(line), ": "));
    }
    text.remove_prefix(size + 1);
  }
  WEIR_RETURN_IF_ERROR(parser.end());
  return std::move(parser).metrics();
}

}  // namespace weir
