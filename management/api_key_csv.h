// API keys as a table, as ImportApiKeys takes them.

#ifndef WEIR_MANAGEMENT_API_KEY_CSV_H_
#define WEIR_MANAGEMENT_API_KEY_CSV_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/api_key.pb.h"

namespace weir {

// A row of the table.
struct ApiKeyRow {
  int line;  // that it begins on, from 1
  // What is wrong with the row by itself, else OK.
  absl::Status status;
  v1::ApiKey key;
  std::vector<std::string> plan_ids;
};

// Reads comma-separated values (RFC 4180; lines may end in LF alone, and the
// text may begin with a byte order mark). The first line names the columns, in
// any order and case: `key`, the secret value, which is required; `name`,
// `description`, `enabled` ("true" in any case, else false), and
// `usageplanIds`, separated by commas inside the field. Lines that are blank
// are skipped.
//
// InvalidArgument if the text as a whole cannot be read: not UTF-8, a quote
// that does not end, columns that are unknown, double or missing. Errors name
// the line, and never what is in it: that may be a secret.
absl::StatusOr<std::vector<ApiKeyRow>> parse_api_key_csv(std::string_view text);

}  // namespace weir

#endif  // WEIR_MANAGEMENT_API_KEY_CSV_H_
