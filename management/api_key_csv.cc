#include "weir/management/api_key_csv.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "weir/base/status_macros.h"
#include "weir/base/text.h"
#include "weir/base/utf8.h"

namespace weir {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kMaxFields = 1000;  // of a row, including ignored columns

enum Column { kKey, kName, kDescription, kEnabled, kPlanIds, kColumns };
struct ColumnName {
  const char* lower;  // as it is compared
  const char* shown;  // as API Gateway's documentation spells it
};
constexpr std::array<ColumnName, kColumns> kColumnNames = {{
    {"key", "Key"},
    {"name", "Name"},
    {"description", "Description"},
    {"enabled", "Enabled"},
    {"usageplanids", "UsagePlanIds"},
}};

std::string_view stripped(std::string_view text) {
  const absl::string_view part =
      absl::StripAsciiWhitespace(internal::to_absl(text));
  return {part.data(), part.size()};
}

bool all_blank(const std::vector<std::string>& fields, std::size_t from = 0) {
  return std::all_of(fields.begin() + from, fields.end(),
                     [](const auto& field) { return stripped(field).empty(); });
}

bool is_blank_line(const std::vector<std::string>& fields) {
  return fields.size() == 1 && all_blank(fields);
}

// The fields of one line, or of several lines if quotes span them.
struct Record {
  int line;  // where it begins
  absl::Status status;
  std::vector<std::string> fields;
};

// Takes records off the front of a text. A malformed record consists of its
// first line only, whatever its quotes span.
//
// This costs no more than reading the text twice. A line without a malformed
// field ends inside quotes if it has an odd number of quotes and began outside,
// or an even number and began inside. So a record that spans lines ends with
// the next line that has an odd number of quotes; the lines between have an
// even number, so each of them is a record of its own if it is read again from
// outside quotes.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text) : text_(text) {}

  bool done() const { return at_ == text_.size(); }

  // Sets the number of fields of the following records. Additional fields at
  // the end of a record must be blank. The field at `list` may be a list in
  // single quotes.
  void expect(std::size_t fields, std::optional<std::size_t> list) {
    expected_ = fields;
    list_ = list;
  }

  Record next() {
    const std::size_t begin = at_;
    Record record{line_, absl::OkStatus(), {}};
    record.status = take_record(record.fields);
    if (record.status.ok()) record.status = check_count(record.fields);
    if (!record.status.ok()) {
      at_ = std::min(text_.find_first_of("\r\n", begin), text_.size());
      take_line_end();
    }
    line_ += count_line_ends(text_.substr(begin, at_ - begin));
    return record;
  }

 private:
  static absl::Status malformed(std::string_view what) {
    return absl::InvalidArgumentError(internal::to_absl(what));
  }

  static int count_line_ends(std::string_view text) {
    int count = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool is_half = text[i] == '\r' && i + 1 < text.size() &&
                           text[i + 1] == '\n';  // the LF counts
      if ((text[i] == '\n' || text[i] == '\r') && !is_half) ++count;
    }
    return count;
  }

  bool at_end() const {
    return done() || text_[at_] == '\n' || text_[at_] == '\r';
  }
  void take_line_end() {
    if (done()) return;
    const bool both = text_.substr(at_, 2) == "\r\n";
    at_ += both ? 2 : 1;
  }
  void skip_blanks() {
    at_ = std::min(text_.find_first_not_of(" \t", at_), text_.size());
  }

  absl::Status take_record(std::vector<std::string>& fields) {
    for (;;) {
      if (fields.size() == kMaxFields) {
        return absl::InvalidArgumentError(
            absl::StrCat("expected at most ", kMaxFields, " fields"));
      }
      const bool is_list = list_.has_value() && fields.size() == *list_;
      std::string& field = fields.emplace_back();
      skip_blanks();
      const bool is_quoted = !done() && text_[at_] == '"';
      if (is_quoted) {
        WEIR_RETURN_IF_ERROR(take_quoted(field));
      } else if (!is_list || !take_list(field)) {
        WEIR_RETURN_IF_ERROR(take_plain(field));
      }
      skip_blanks();
      if (at_end()) break;
      if (text_[at_] != ',') return malformed("text behind a quoted field");
      ++at_;
    }
    take_line_end();
    return absl::OkStatus();
  }

  absl::Status take_quoted(std::string& field) {
    for (++at_;; ++at_) {
      const std::size_t quote = text_.find('"', at_);
      if (quote == text_.npos) return malformed("a quote that does not end");
      field.append(text_.substr(at_, quote - at_));
      at_ = quote + 1;
      if (done() || text_[at_] != '"') return absl::OkStatus();
      field.push_back('"');
    }
  }

  // Takes a text in single quotes that is the whole field. Returns false, and
  // takes nothing, if there is none.
  bool take_list(std::string& field) {
    if (done() || text_[at_] != '\'') return false;
    const std::size_t quote = text_.find_first_of("'\"\r\n", at_ + 1);
    if (quote == text_.npos || text_[quote] != '\'') return false;
    const std::size_t behind =
        std::min(text_.find_first_not_of(" \t", quote + 1), text_.size());
    if (behind < text_.size() && text_[behind] != ',' &&
        text_[behind] != '\r' && text_[behind] != '\n') {
      return false;
    }
    field = text_.substr(at_, quote + 1 - at_);
    at_ = quote + 1;
    return true;
  }

  absl::Status take_plain(std::string& field) {
    const std::size_t end =
        std::min(text_.find_first_of(",\"\r\n", at_), text_.size());
    if (end < text_.size() && text_[end] == '"') {
      return malformed("a quote inside a field that is not in quotes");
    }
    field = text_.substr(at_, end - at_);
    at_ = end;
    return absl::OkStatus();
  }

  absl::Status check_count(std::vector<std::string>& fields) const {
    if (expected_ == 0 || fields.size() == expected_) return absl::OkStatus();
    if (is_blank_line(fields)) return absl::OkStatus();
    if (all_blank(fields) ||
        (fields.size() > expected_ && all_blank(fields, expected_))) {
      fields.resize(expected_);
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(
        absl::StrCat("expected ", expected_, " fields, found ", fields.size()));
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
  std::size_t expected_ = 0;  // 0: any number
  std::optional<std::size_t> list_;
};

// The index of each column; nullopt for a missing column.
using Places = std::array<std::optional<std::size_t>, kColumns>;

absl::StatusOr<Places> places_of(const Record& header) {
  if (!header.status.ok()) {
    return internal::with_prefix(header.status,
                                 absl::StrCat("line ", header.line, ": "));
  }
  Places places;
  for (std::size_t i = 0; i < header.fields.size(); ++i) {
    const std::string name =
        absl::AsciiStrToLower(internal::to_absl(stripped(header.fields[i])));
    for (int column = 0; column < kColumns; ++column) {
      if (name != kColumnNames[column].lower) continue;
      if (places[column].has_value()) {
        return absl::InvalidArgumentError(absl::StrCat(
            "Two columns are called '", kColumnNames[column].shown, "'"));
      }
      places[column] = i;
    }
  }
  for (const Column column : {kKey, kName}) {
    if (places[column].has_value()) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "Missing required column '", kColumnNames[column].shown, "'"));
  }
  return places;
}

// Removes a pair of single quotes around `text`.
std::string_view without_single_quotes(std::string_view text) {
  if (text.size() >= 2 && text.front() == '\'' && text.back() == '\'') {
    return stripped(text.substr(1, text.size() - 2));
  }
  return text;
}

std::vector<std::string> plan_ids_of(std::string_view field) {
  // Quotes may be around the whole list, or around each of its ids.
  if (std::count(field.begin(), field.end(), '\'') == 2) {
    field = without_single_quotes(field);
  }
  std::vector<std::string> ids;
  for (const absl::string_view id :
       absl::StrSplit(internal::to_absl(field), ',')) {
    const std::string_view text =
        without_single_quotes(stripped({id.data(), id.size()}));
    if (!text.empty()) ids.emplace_back(text);
  }
  return ids;
}

// Fills `row` from the fields, or returns the error of the row.
absl::Status read_row(const std::vector<std::string>& fields,
                      const Places& places, ApiKeyRow& row) {
  std::array<std::string_view, kColumns> texts;
  for (int column = 0; column < kColumns; ++column) {
    if (!places[column].has_value()) continue;
    texts[column] = stripped(fields[*places[column]]);
    const char* const name = kColumnNames[column].shown;
    if (!internal::is_utf8(texts[column])) {
      return absl::InvalidArgumentError(absl::StrCat(name, ": expected UTF-8"));
    }
    if (texts[column].find('\0') != std::string_view::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": expected no NUL byte"));
    }
  }
  if (texts[kKey].empty()) {
    return absl::InvalidArgumentError("Key: expected a value, found none");
  }
  const absl::string_view enabled = internal::to_absl(texts[kEnabled]);
  row.key.set_enabled(enabled.empty() ||
                      absl::EqualsIgnoreCase(enabled, "true"));
  if (!row.key.enabled() && !absl::EqualsIgnoreCase(enabled, "false")) {
    return absl::InvalidArgumentError("Enabled: expected true or false");
  }
  row.key.set_value(std::string(texts[kKey]));
  row.key.set_name(std::string(texts[kName]));
  row.key.set_description(std::string(texts[kDescription]));
  row.plan_ids = plan_ids_of(texts[kPlanIds]);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<ApiKeyRow>> parse_api_key_csv(
    std::string_view text, std::size_t most_rows) {
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    text.remove_prefix(kByteOrderMark.size());
  }
  CsvReader reader(text);
  Record header{1, absl::OkStatus(), {}};
  while (!reader.done()) {
    header = reader.next();
    if (!header.status.ok() || !all_blank(header.fields)) break;
  }
  const auto places = places_of(header);
  if (!places.ok()) return places.status();
  reader.expect(header.fields.size(), (*places)[kPlanIds]);

  std::vector<ApiKeyRow> rows;
  while (!reader.done()) {
    const Record record = reader.next();
    if (record.status.ok() && is_blank_line(record.fields)) continue;
    if (rows.size() == most_rows) {
      return absl::InvalidArgumentError(
          absl::StrCat("expected at most ", most_rows, " rows"));
    }
    ApiKeyRow& row = rows.emplace_back();
    row.line = record.line;
    row.status = record.status.ok() ? read_row(record.fields, *places, row)
                                    : record.status;
  }
  return rows;
}

}  // namespace weir
