// A fuzz target for files of API keys. An input is a file.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "weir/management/api_key_csv.h"
#include "weir/proto/api_key.pb.h"
#include "weir/tests/fuzz/invariant.h"

namespace weir {
namespace {

constexpr char kHeader[] = "Key,Name,Description,Enabled,UsagePlanIds\n";
// Inputs are too short to contain this by chance.
constexpr char kValue[] = "the-value-of-a-key-that-no-input-can-know";

std::string in_quotes(const std::string& text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

// The row as a correct CSV writer would write it.
std::string written(const ApiKeyRow& row) {
  return absl::StrCat(in_quotes(row.key.value()), ",",
                      in_quotes(row.key.name()), ",",
                      in_quotes(row.key.description()), ",",
                      row.key.enabled() ? "TRUE" : "FALSE", ",",
                      in_quotes(absl::StrJoin(row.plan_ids, ",")), "\r\n");
}

void require_same(const ApiKeyRow& a, const ApiKeyRow& b) {
  require(a.status.ok() == b.status.ok() &&
              a.key.SerializeAsString() == b.key.SerializeAsString() &&
              a.plan_ids == b.plan_ids,
          "a row is read as it was written");
}

void check(std::string_view text) {
  const auto rows = parse_api_key_csv(text);
  require_readable(rows.status());
  if (!rows.ok()) return;
  int line = 1;
  for (const ApiKeyRow& row : *rows) {
    require_readable(row.status);
    require(row.line > line, "rows are in the order of their lines");
    line = row.line;
    require(!row.status.ok() || !row.key.value().empty(), "keys have values");
    // Single quotes may be around a list, or around each of its ids.
    const bool has_quotes =
        absl::StrContains(absl::StrJoin(row.plan_ids, ","), "'");
    if (!row.status.ok() || has_quotes) continue;
    const auto again = parse_api_key_csv(absl::StrCat(kHeader, written(row)));
    require(again.ok() && again->size() == 1, "one row is one row");
    require_same(again->front(), row);
  }
}

// Any text may stand above a valid row.
void check_row_below(std::string_view text) {
  const auto rows = parse_api_key_csv(absl::StrCat(
      kHeader, std::string(text), "\n", kValue, ",below,,false,'p1,p2'\n"));
  require(rows.ok() && !rows->empty(), "a file with a header has rows");
  const ApiKeyRow& last = rows->back();
  require(last.status.ok() && last.key.value() == kValue &&
              last.key.name() == "below" && !last.key.enabled() &&
              last.plan_ids == std::vector<std::string>{"p1", "p2"},
          "a row is read whatever is above it");
  check(absl::StrCat(kHeader, std::string(text)));
}

}  // namespace
}  // namespace weir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  weir::check(text);
  weir::check_row_below(text);
  return 0;
}
