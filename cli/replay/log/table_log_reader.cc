#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "weir/base/text.h"
#include "weir/cli/replay/log/log_time.h"
#include "weir/cli/replay/log/named_reader.h"
#include "weir/cli/replay/log/scan.h"

namespace weir::cli {
namespace {

constexpr std::size_t kMaxColumns = 256;

// A reader of tables: maps columns to the slots that they fill.
class TableReader : public NamedReader {
 public:
  using NamedReader::NamedReader;
  std::vector<std::string> field_names() const override { return columns_; }

 protected:
  bool has_columns() const { return !columns_.empty(); }
  std::size_t column_count() const { return columns_.size(); }

  void set_columns(std::vector<std::string> columns) {
    columns_ = std::move(columns);
    columns_.resize(std::min(columns_.size(), kMaxColumns));
    slots_of_.assign(columns_.size(), {});
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      for (std::size_t s = 0; s < slots().size(); ++s) {
        if (slots()[s].name == columns_[c]) slots_of_[c].push_back(s);
      }
    }
  }

  void set_column(std::size_t column, std::string_view value) {
    if (column >= slots_of_.size()) return;
    for (const std::size_t slot : slots_of_[column]) set(&slots()[slot], value);
  }
  // The same for a value that does not live as long as the record: copies it.
  void keep_column(std::size_t column, const std::string& value) {
    if (column >= slots_of_.size()) return;
    for (const std::size_t slot : slots_of_[column]) {
      slots()[slot].storage = value;
      set(&slots()[slot], slots()[slot].storage);
    }
  }

 private:
  std::vector<std::string> columns_;
  std::vector<std::vector<std::size_t>> slots_of_;  // by column
};

class CsvReader : public TableReader {
 public:
  using TableReader::TableReader;

 private:
  const char* parse(std::string_view record, bool* nothing) override {
    if (record.front() == '#') {
      *nothing = true;
      return nullptr;
    }
    if (!split(record)) return "a field in quotes does not end with one";
    if (!has_header_) {
      if (is_header()) {
        set_columns(values_);
        has_header_ = *nothing = true;
        return nullptr;
      }
      if (!set_documented_columns()) {
        return "expected ip,caller,user,requestTime,... or "
               "ip,requestTime,..., or the names of the columns";
      }
    }
    for (std::size_t i = 0; i < values_.size(); ++i) keep_column(i, values_[i]);
    return nullptr;
  }

  bool split(std::string_view record) {
    values_.clear();
    while (values_.size() < kMaxColumns) {
      std::string& value = values_.emplace_back();
      if (record.substr(0, 1) == "\"") {
        for (;;) {
          record.remove_prefix(1);
          const std::size_t quote = record.find('"');
          if (quote == record.npos) return false;
          value.append(record.substr(0, quote));
          record.remove_prefix(quote + 1);
          if (record.substr(0, 1) != "\"") break;
          value += '"';
        }
      }
      const std::size_t comma = record.find(',');
      value.append(record.substr(0, comma));
      if (comma == record.npos) break;
      record.remove_prefix(comma + 1);
    }
    return true;
  }

  // Whether the values are a header: some of them are known names.
  bool is_header() {
    return std::any_of(values_.begin(), values_.end(), [&](const auto& value) {
      return std::any_of(slots().begin(), slots().end(),
                         [&](const Slot& slot) { return slot.name == value; });
    });
  }

  // Returns false if the values are not a record as documented. The position of
  // the time tells which kind of API it is.
  bool set_documented_columns() {
    static constexpr char kRest[] =
        "ip caller user requestTime httpMethod resourcePath protocol status "
        "responseLength requestId extendedRequestId";
    static constexpr char kHttp[] =
        "ip requestTime httpMethod routeKey protocol status responseLength "
        "requestId extendedRequestId";
    const auto is_time = [&](std::size_t column) {
      return column < values_.size() &&
             parse_common_log_time(values_[column]).has_value();
    };
    const char* const names = is_time(3) ? kRest : is_time(1) ? kHttp : nullptr;
    if (names == nullptr) return false;
    if (names != documented_) set_columns(absl::StrSplit(names, ' '));
    documented_ = names;
    return true;
  }

  std::vector<std::string> values_;
  bool has_header_ = false;
  const char* documented_ = nullptr;  // names of columns, without a header
};

class W3cReader : public TableReader {
 public:
  using TableReader::TableReader;

 private:
  const char* parse(std::string_view record, bool* nothing) override {
    static constexpr std::string_view kFields = "#Fields:";
    if (record.front() == '#') {
      *nothing = true;
      if (record.substr(0, kFields.size()) == kFields) {
        record.remove_prefix(kFields.size());
        set_columns(absl::StrSplit(internal::to_absl(record),
                                   absl::ByAnyChar(" \t"), absl::SkipEmpty()));
      }
      return nullptr;
    }
    const char divider = record.find('\t') == record.npos ? ' ' : '\t';
    if (!has_columns() && !set_documented_columns(record, divider)) {
      return "expected a line \"#Fields: ...\" before it";
    }
    std::size_t column = 0;
    for (;; ++column) {
      const std::size_t end = record.find(divider);
      set_column(column, record.substr(0, end));
      if (end == record.npos) break;
      record.remove_prefix(end + 1);
    }
    return column + 1 == column_count()
               ? nullptr
               : "expected as many fields as \"#Fields:\" names";
  }

  // CloudFront's order of columns is documented, and only extended at the end.
  // So its lines can be read without a header, which filters of logs may drop.
  bool set_documented_columns(std::string_view record, char divider) {
    static constexpr char kCloudFront[] =
        "date time x-edge-location sc-bytes c-ip cs-method cs(Host) "
        "cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query "
        "cs(Cookie) x-edge-result-type x-edge-request-id x-host-header "
        "cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol "
        "ssl-cipher x-edge-response-result-type cs-protocol-version fle-status "
        "fle-encrypted-fields c-port time-to-first-byte "
        "x-edge-detailed-result-type sc-content-type sc-content-len "
        "sc-range-start sc-range-end";
    std::vector<std::string> columns = absl::StrSplit(kCloudFront, ' ');
    const auto count = static_cast<std::size_t>(
        std::count(record.begin(), record.end(), '\t') + 1);
    if (divider != '\t' || count < 12 || count > columns.size()) return false;
    columns.resize(count);
    set_columns(std::move(columns));
    return true;
  }
};

}  // namespace

std::unique_ptr<LogReader> make_csv_reader(const NamedFormat& format,
                                           const FieldChoice& choice) {
  return std::make_unique<CsvReader>(format, choice);
}

std::unique_ptr<LogReader> make_w3c_reader(const NamedFormat& format,
                                           const FieldChoice& choice) {
  return std::make_unique<W3cReader>(format, choice);
}

}  // namespace weir::cli
