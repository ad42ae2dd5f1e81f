#include "weir/serve/metrics_writer.h"

#include <charconv>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "weir/base/text.h"

namespace weir {
namespace {

// Help texts escape backslashes and newlines; labels also escape quotes.
void append_escaped(std::string_view text, bool quotes, std::string* result) {
  for (const char c : text) {
    if (c == '\n') {
      result->append("\\n");
      continue;
    }
    if (c == '\\' || (c == '"' && quotes)) result->push_back('\\');
    result->push_back(c);
  }
}

}  // namespace

void MetricsWriter::begin_counter(std::string_view name,
                                  std::string_view help) {
  begin(name, "counter", help);
}

void MetricsWriter::begin_gauge(std::string_view name, std::string_view help) {
  begin(name, "gauge", help);
}

void MetricsWriter::begin(std::string_view name, std::string_view type,
                          std::string_view help) {
  name_ = name;
  absl::StrAppend(&text_, "# HELP ", name_, " ");
  append_escaped(help, /*quotes=*/false, &text_);
  absl::StrAppend(&text_, "\n# TYPE ", name_, " ", internal::to_absl(type),
                  "\n");
}

void MetricsWriter::add(Labels labels, std::int64_t value) {
  add_text(labels, std::to_string(value));
}

void MetricsWriter::add(Labels labels, double value) {
  if (std::isnan(value)) return add_text(labels, "NaN");
  if (std::isinf(value)) return add_text(labels, value > 0 ? "+Inf" : "-Inf");
  char digits[32];  // the longest double has 24
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  add_text(labels, std::string_view(digits, end - digits));
}

void MetricsWriter::add_text(Labels labels, std::string_view value) {
  text_.append(name_);
  char before = '{';
  for (const auto& [name, label] : labels) {
    text_.push_back(before);
    absl::StrAppend(&text_, internal::to_absl(name), "=\"");
    append_escaped(label, /*quotes=*/true, &text_);
    text_.push_back('"');
    before = ',';
  }
  if (labels.size() > 0) text_.push_back('}');
  absl::StrAppend(&text_, " ", internal::to_absl(value), "\n");
}

}  // namespace weir
