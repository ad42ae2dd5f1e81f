// The daily usage of a plan's keys, as data, as a table, as CSV and as JSON.

#ifndef WEIR_CLI_USAGE_USAGE_REPORT_H_
#define WEIR_CLI_USAGE_USAGE_REPORT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "weir/proto/usage.pb.h"
#include "weir/quota/calendar.h"

namespace weir::cli {

// One UTC day of a key, or of all keys of a plan together.
struct UsageDay {
  absl::CivilDay date;
  std::int64_t used = 0;
  // Used in the quota's period before that day.
  std::int64_t used_before = 0;
  // What the period had left at the end of the day; for today, has left now.
  // nullopt without a quota, and for all keys together: each has a quota of its
  // own.
  std::optional<std::int64_t> remaining;

  // The total quota of the period. (If the limit was lowered below what was
  // already used: what was used.)
  std::optional<std::int64_t> limit() const {
    if (!remaining) return std::nullopt;
    return used_before + used + *remaining;
  }
};

struct UsageReport {
  std::string plan_id;
  std::string key_id;  // "": all keys of the plan
  std::int64_t keys = 0;
  std::vector<UsageDay> days;  // consecutive, at least one

  std::int64_t used() const;  // on all days
};

// The days of one key from `first` on, under a quota with this calendar.
// `usage` begins on `begin`, which is not after the start of the period of
// `first`.
std::vector<UsageDay> usage_days(const v1::KeyUsage& usage,
                                 absl::CivilDay begin, absl::CivilDay first,
                                 QuotaCalendar calendar);

// Adds what one key used on the report's days. Sums stop at 10^18.
void add_key(const v1::KeyUsage& usage, UsageReport* report);

// Each of these texts consists of a head, a part for each key and an end, so
// that memory does not grow with the number of keys.

// A table of what each key used on all days, and had left at the end.
std::string usage_table_head();
std::string usage_table_row(const v1::KeyUsage& usage);
// What all keys together used by day.
std::string usage_table_end(const UsageReport& report);

// A table of one key by day.
std::string usage_table(const UsageReport& report);

// CSV (RFC 4180, but lines end with "\n"): key_id,date,used,remaining.
// Remaining is -1 without a quota.
std::string usage_csv_head();
std::string usage_csv_rows(const v1::KeyUsage& usage, absl::CivilDay first);

// The proto3 JSON of a weir.v1.Usage of all keys, one key per line.
std::string usage_json_head(const v1::Usage& usage);
std::string usage_json_item(const v1::KeyUsage& usage, bool is_first);
std::string usage_json_end();

}  // namespace weir::cli

#endif  // WEIR_CLI_USAGE_USAGE_REPORT_H_
