// API keys as a table, as ImportApiKeys takes them.

#ifndef WEIR_MANAGEMENT_API_KEY_CSV_H_
#define WEIR_MANAGEMENT_API_KEY_CSV_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/api_key.pb.h"

namespace weir {

// More rows than keys of the shortest length fit into the largest request.
inline constexpr std::size_t kMostApiKeyRows = 500'000;

// A row of the table.
struct ApiKeyRow {
  int line;  // on which it begins, from 1
  // What is wrong with the row by itself, else OK.
  absl::Status status;
  v1::ApiKey key;
  std::vector<std::string> plan_ids;
};

// Reads comma-separated values: RFC 4180, but lines may also end in LF or CR
// alone, blanks around a field do not count, and the text may begin with a byte
// order mark. The first line names the columns, in any order and case:
//
//   Key           the secret value; required
//   Name          required, though a field may be empty
//   description
//   Enabled       "true" or "false" in any case; true if it is empty or missing
//   UsagePlanIds  separated by commas, in double or single quotes then
//
// Columns of other names are ignored, and so are blank lines.
//
// Each row is judged by itself. One that is malformed ends with its first line,
// so that a quote too many never takes the rows below with it.
//
// InvalidArgument if the first line cannot be read, lacks a required column or
// has a column twice, or if there are more than `most_rows` rows. Errors
// never repeat what is in the text: that may be a secret.
absl::StatusOr<std::vector<ApiKeyRow>> parse_api_key_csv(
    std::string_view text, std::size_t most_rows = kMostApiKeyRows);

}  // namespace weir

#endif  // WEIR_MANAGEMENT_API_KEY_CSV_H_
