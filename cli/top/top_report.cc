#include "weir/cli/top/top_report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "weir/base/text.h"
#include "weir/cli/printable.h"
#include "weir/json/json_reader.h"

namespace weir::cli {
namespace {

// -- Reading --

// Reads the members of an object, and collects the error for the end.
class Members {
 public:
  explicit Members(const google::protobuf::Value& value)
      : fields_(value.struct_value().fields()),
        ok_(value.kind_case() == google::protobuf::Value::kStructValue) {}

  // null is "".
  std::string text(const char* name) {
    const auto* value = find(name);
    if (value == nullptr) return "";
    ok_ &= value->kind_case() == google::protobuf::Value::kStringValue ||
           value->kind_case() == google::protobuf::Value::kNullValue;
    return value->string_value();
  }
  std::int64_t count(const char* name) {
    constexpr double kMax = 9e15;
    const auto* value = find(name);
    if (value == nullptr) return 0;
    const double number = value->number_value();
    if (value->kind_case() != google::protobuf::Value::kNumberValue ||
        !(number >= 0) || number > kMax || number != std::floor(number)) {
      ok_ = false;
      return 0;
    }
    return static_cast<std::int64_t>(number);
  }
  absl::Time time(const char* name) {
    absl::Time result;
    std::string error;
    ok_ &= absl::ParseTime(absl::RFC3339_full, text(name), &result, &error);
    return result;
  }
  const google::protobuf::ListValue& list(const char* name) {
    const auto* value = find(name);
    if (value == nullptr)
      return google::protobuf::ListValue::default_instance();
    ok_ &= value->kind_case() == google::protobuf::Value::kListValue;
    return value->list_value();
  }
  TopReport::Counts counts() {
    return {count("throttled"), count("quota_exceeded"), count("forbidden")};
  }
  bool ok() const { return ok_; }

 private:
  const google::protobuf::Value* find(const char* name) {
    const auto found = fields_.find(name);
    ok_ &= found != fields_.end();
    return found == fields_.end() ? nullptr : &found->second;
  }

  const google::protobuf::Map<std::string, google::protobuf::Value>& fields_;
  bool ok_;
};

bool parse_key(const google::protobuf::Value& value, TopReport::Key& key) {
  Members members(value);
  key.id = members.text("key_id");
  key.name = members.text("key_name");
  key.plan_id = members.text("usage_plan_id");
  key.plan_name = members.text("usage_plan_name");
  key.refused = members.count("refused");
  key.counts = members.counts();
  key.uncertain = members.count("uncertain");
  key.limit = members.text("limit");
  key.api_id = members.text("api_id");
  key.stage = members.text("stage");
  key.last = members.time("last_time");
  return members.ok();
}

// -- Writing --

std::string age(absl::Duration time) {
  const std::int64_t seconds = std::max<std::int64_t>(
      0, absl::ToInt64Seconds(time + absl::Milliseconds(500)));
  return seconds < 60 ? absl::StrCat(seconds, " s")
                      : absl::StrCat(seconds / 60, " m ", seconds % 60, " s");
}

// "3" if it is exact, "3+" if there may be more.
std::string refused_text(const TopReport::Key& key) {
  return absl::StrCat(with_commas(key.refused), key.uncertain > 0 ? "+" : "");
}

// "name (id)", or the one that is not empty.
std::string named(std::string_view name, std::string_view id,
                  std::string_view otherwise) {
  if (id.empty()) return std::string(otherwise);
  if (name.empty()) return std::string(id);
  return absl::StrCat(internal::to_absl(name), " (", internal::to_absl(id),
                      ")");
}

// The reason of the last refusal, and its stage.
std::string limit_text(const TopReport::Key& key) {
  std::string limit = key.limit;
  std::replace(limit.begin(), limit.end(), '_', ' ');
  if (limit == "stage") limit = "stage not in plan";
  if (key.api_id.empty()) return limit;
  return absl::StrCat(limit, ", ", key.api_id, ":", key.stage);
}

constexpr size_t kColumns = 8;
constexpr size_t kNumbers = 4;  // the first columns are numbers
constexpr size_t kAge = 4;      // this one is aligned like a number
constexpr size_t kFirstText = 5;
using Row = std::array<std::string, kColumns>;

bool is_number(size_t column) { return column < kNumbers || column == kAge; }

Row row_of(const TopReport::Key& key, absl::Time until, bool utf8) {
  Row row = {refused_text(key),
             with_commas(key.counts.throttled),
             with_commas(key.counts.quota_exceeded),
             with_commas(key.counts.forbidden),
             age(until - key.last),
             named(key.name, key.id, "(deleted)"),
             named(key.plan_name, key.plan_id, "-"),
             limit_text(key)};
  for (std::string& cell : row) cell = printable(cell, utf8);
  return row;
}

std::array<int, kColumns> widths_of(const std::vector<Row>& rows, int width) {
  constexpr int kMin = 8;  // minimum width of a text column
  std::array<int, kColumns> widths = {};
  int sum = 2 * (static_cast<int>(kColumns) - 1);
  for (size_t i = 0; i < kColumns; ++i) {
    for (const Row& row : rows) {
      widths[i] = std::max(widths[i], columns(row[i]));
    }
    sum += widths[i];
  }
  // Narrows the widest text column until all columns fit.
  for (; sum > width; --sum) {
    const auto widest =
        std::max_element(widths.begin() + kFirstText, widths.end());
    if (*widest <= kMin) break;
    --*widest;
  }
  return widths;
}

std::string line_of(const Row& row, const std::array<int, kColumns>& widths,
                    bool utf8) {
  std::string line;
  for (size_t i = 0; i < kColumns; ++i) {
    const std::string cell = shortened(row[i], widths[i], utf8);
    const std::string blanks(static_cast<size_t>(widths[i] - columns(cell)),
                             ' ');
    const bool is_last = i + 1 == kColumns;
    absl::StrAppend(&line, is_number(i) ? blanks : "", cell,
                    is_number(i) || is_last ? "" : blanks, is_last ? "" : "  ");
  }
  return line + "\n";
}

std::string head_of(const TopReport& report) {
  std::string head =
      absl::StrCat("Refused in the last ", age(report.until - report.since),
                   ": ", with_commas(report.total.throttled), " throttled, ",
                   with_commas(report.total.quota_exceeded), " over quota, ",
                   with_commas(report.total.forbidden), " forbidden; ",
                   with_commas(report.unknown_key), " without a known key\n");
  if (report.uncounted > 0) {
    absl::StrAppend(&head, with_commas(report.uncounted),
                    " more came too fast to be counted by key\n");
  }
  return head;
}

}  // namespace

absl::StatusOr<TopReport> parse_top_report(std::string_view json) {
  const auto value = parse_json(json);
  if (!value.ok()) return value.status();
  Members members(*value);
  TopReport report;
  report.since = members.time("since");
  report.until = members.time("until");
  report.total = members.counts();
  report.unknown_key = members.count("unknown_key");
  report.uncounted = members.count("uncounted");
  bool ok = true;
  for (const auto& item : members.list("keys").values()) {
    ok &= parse_key(item, report.keys.emplace_back());
  }
  if (!ok || !members.ok()) {
    return absl::InvalidArgumentError("not what `weir serve` answers");
  }
  return report;
}

std::string top_report_to_text(const TopReport& report, int width, bool utf8) {
  std::string text = head_of(report);
  if (report.keys.empty()) return text;
  std::vector<Row> rows = {{"REFUSED", "THROTTLED", "QUOTA", "FORBIDDEN", "AGE",
                            "KEY", "PLAN", "LAST LIMIT"}};
  std::int64_t uncertain = 0;
  for (const TopReport::Key& key : report.keys) {
    rows.push_back(row_of(key, report.until, utf8));
    uncertain = std::max(uncertain, key.uncertain);
  }
  const auto widths = widths_of(rows, width);
  text += "\n";
  for (const Row& row : rows) text += line_of(row, widths, utf8);
  if (uncertain > 0) {
    absl::StrAppend(&text, "\n+ and up to ", with_commas(uncertain),
                    " more: too many keys are refused to count them all\n");
  }
  return text;
}

}  // namespace weir::cli
