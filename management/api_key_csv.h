// API keys as a CSV table, the input of ImportApiKeys.

#ifndef WEIR_MANAGEMENT_API_KEY_CSV_H_
#define WEIR_MANAGEMENT_API_KEY_CSV_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/proto/api_key.pb.h"

namespace weir {

// More rows than the largest request can hold, even with the shortest keys.
inline constexpr std::size_t kMaxApiKeyRows = 500'000;

// A row of the table.
struct ApiKeyRow {
  int line;  // where the row begins, from 1
  // OK, or the error of this row by itself.
  absl::Status status;
  v1::ApiKey key;
  std::vector<std::string> plan_ids;
};

// Reads comma-separated values: RFC 4180, but lines may also end in LF or CR
// alone, blanks around a field are ignored, and the text may begin with a byte
// order mark. The first line names the columns, in any order and case:
//
//   Key           the secret value; required
//   Name          required, though a field may be empty
//   description
//   Enabled       "true" or "false" in any case; true if it is empty or missing
//   UsagePlanIds  separated by commas; more than one in double or single quotes
//
// Columns with other names are ignored, and so are blank lines.
//
// Each row is checked by itself. A malformed row ends with its first line, so
// that a stray quote never swallows the rows below.
//
// InvalidArgument if the first line cannot be read, lacks a required column or
// has a column twice, or if there are more than `most_rows` rows. Errors never
// quote the text: it may contain secrets.
absl::StatusOr<std::vector<ApiKeyRow>> parse_api_key_csv(
    std::string_view text, std::size_t most_rows = kMaxApiKeyRows);

}  // namespace weir

#endif  // WEIR_MANAGEMENT_API_KEY_CSV_H_
