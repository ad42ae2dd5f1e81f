#include "management/api_key_csv.h"

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
#include "json/text.h"
#include "json/utf8.h"

namespace weir {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

enum Column { kKey, kName, kDescription, kEnabled, kPlanIds, kColumns };
constexpr std::array<const char*, kColumns> kColumnNames = {
    "key", "name", "description", "enabled", "usageplanids"};

absl::Status error_at(int line, std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("line ", line, ": ", to_absl(what)));
}

// Takes records off the front of a text.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  // That the next record begins on.
  int line() const { return line_; }

  absl::StatusOr<std::vector<std::string>> next() {
    std::vector<std::string> fields;
    for (;;) {
      auto field = take_field();
      if (!field.ok()) return field.status();
      fields.push_back(*std::move(field));
      if (rest_.empty()) return fields;
      const char divider = rest_.front();
      rest_.remove_prefix(1);
      if (divider == ',') continue;
      if (divider == '\r') rest_.remove_prefix(1);  // the '\n'
      ++line_;
      return fields;
    }
  }

 private:
  // What is left begins with ',', "\r\n" or '\n' afterwards, or is empty.
  absl::StatusOr<std::string> take_field() {
    if (!absl::StartsWith(to_absl(rest_), "\"")) {
      std::size_t size = std::min(rest_.find_first_of(",\n"), rest_.size());
      if (size < rest_.size() && rest_[size] == '\n' && size > 0 &&
          rest_[size - 1] == '\r') {
        --size;
      }
      std::string field(rest_.substr(0, size));
      rest_.remove_prefix(size);
      if (absl::StrContains(field, '"')) {
        return error_at(line_, "a quote inside a field that has none around");
      }
      return field;
    }
    const int begin = line_;
    std::string field;
    for (rest_.remove_prefix(1);;) {
      const std::size_t quote = rest_.find('"');
      if (quote == rest_.npos) return error_at(begin, "a quote does not end");
      field.append(rest_.substr(0, quote));
      line_ += static_cast<int>(
          std::count(rest_.begin(), rest_.begin() + quote, '\n'));
      rest_.remove_prefix(quote + 1);
      if (!absl::StartsWith(to_absl(rest_), "\"")) break;
      field.push_back('"');
      rest_.remove_prefix(1);
    }
    const absl::string_view after = to_absl(rest_);
    if (!after.empty() && after.front() != ',' && after.front() != '\n' &&
        !absl::StartsWith(after, "\r\n")) {
      return error_at(line_, "expected a comma behind a quoted field");
    }
    return field;
  }

  std::string_view rest_;
  int line_ = 1;
};

// The places of the columns; absent for those that are not there.
using Places = std::array<std::optional<std::size_t>, kColumns>;

absl::StatusOr<Places> places_of(const std::vector<std::string>& header,
                                 int line) {
  Places places;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const std::string name =
        absl::AsciiStrToLower(absl::StripAsciiWhitespace(header[i]));
    const auto column =
        std::find(kColumnNames.begin(), kColumnNames.end(), name);
    if (column == kColumnNames.end()) {
      // Without the name: if the header is missing, it is a secret.
      return error_at(line, absl::StrCat("column ", i + 1,
                                         " is none of key, name, description, "
                                         "enabled, usageplanIds"));
    }
    auto& place = places[column - kColumnNames.begin()];
    if (place.has_value()) {
      return error_at(line, absl::StrCat("two columns are called ", name));
    }
    place = i;
  }
  if (!places[kKey].has_value()) {
    return error_at(line, "expected a column called key");
  }
  return places;
}

ApiKeyRow row_of(const std::vector<std::string>& fields, const Places& places,
                 std::size_t columns, int line) {
  ApiKeyRow row{line, {}, {}, {}};
  if (fields.size() != columns) {
    row.status = absl::InvalidArgumentError(
        absl::StrCat("expected ", columns, " fields, found ", fields.size()));
    return row;
  }
  const auto field = [&](Column column) {
    return places[column].has_value() ? std::string(absl::StripAsciiWhitespace(
                                            fields[*places[column]]))
                                      : std::string();
  };
  row.key.set_value(field(kKey));
  if (row.key.value().empty()) {
    row.status = absl::InvalidArgumentError("the key is empty");
  }
  row.key.set_name(field(kName));
  row.key.set_description(field(kDescription));
  row.key.set_enabled(absl::EqualsIgnoreCase(field(kEnabled), "true"));
  for (const absl::string_view id :
       absl::StrSplit(field(kPlanIds), ',', absl::SkipWhitespace())) {
    row.plan_ids.emplace_back(absl::StripAsciiWhitespace(id));
  }
  return row;
}

}  // namespace

absl::StatusOr<std::vector<ApiKeyRow>> parse_api_key_csv(
    std::string_view text) {
  if (!is_utf8(text)) return absl::InvalidArgumentError("expected UTF-8");
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    text.remove_prefix(kByteOrderMark.size());
  }
  CsvReader reader(text);
  std::optional<Places> places;
  std::size_t columns = 0;
  std::vector<ApiKeyRow> rows;
  while (!reader.done()) {
    const int line = reader.line();
    const auto fields = reader.next();
    if (!fields.ok()) return fields.status();
    if (fields->size() == 1 &&
        absl::StripAsciiWhitespace(fields->front()).empty()) {
      continue;
    }
    if (places.has_value()) {
      rows.push_back(row_of(*fields, *places, columns, line));
      continue;
    }
    auto found = places_of(*fields, line);
    if (!found.ok()) return found.status();
    places = *found;
    columns = fields->size();
  }
  if (!places.has_value()) return error_at(1, "expected the columns' names");
  return rows;
}

}  // namespace weir
