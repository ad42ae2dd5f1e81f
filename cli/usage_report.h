// What the keys of a plan have used by day: as data, as a table, CSV and JSON.

#ifndef WEIR_CLI_USAGE_REPORT_H_
#define WEIR_CLI_USAGE_REPORT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "proto/usage.pb.h"
#include "quota/calendar.h"

namespace weir::cli {

// One UTC day of a key, or of all keys of a plan together.
struct UsageDay {
  absl::CivilDay date;
  std::int64_t used = 0;
  // In the quota's period before that day.
  std::int64_t used_before = 0;
  // What the period had left when the day ended, or has now; nothing without a
  // quota, and for all keys together: each has a quota of its own.
  std::optional<std::int64_t> remaining;

  // What the period has in all. (Of a period that was used beyond its limit,
  // since that was lowered meanwhile: what was used.)
  std::optional<std::int64_t> limit() const {
    if (!remaining) return std::nullopt;
    return used_before + used + *remaining;
  }
};

struct UsageReport {
  std::string plan_id;
  std::string key_id;  // "": all keys of the plan
  std::int64_t keys = 0;
  std::vector<UsageDay> days;  // one after the other, at least one

  std::int64_t used() const;  // on all days
};

// The days of one key from `first` on, under a quota of this calendar. `usage`
// begins on `begin`, where the period of `first` does, or before.
std::vector<UsageDay> usage_days(const v1::KeyUsage& usage,
                                 absl::CivilDay begin, absl::CivilDay first,
                                 QuotaCalendar calendar);

// Adds what one key used on the report's days. Sums stop at 10^18.
void add_key(const v1::KeyUsage& usage, UsageReport* report);

// Each of these texts consists of a head, a part for each key and an end, so
// that any number of keys takes no memory.

// A table of what each key used on all days, and had left at the end.
std::string usage_table_head();
std::string usage_table_row(const v1::KeyUsage& usage);
// What all of them used by day.
std::string usage_table_end(const UsageReport& report);

// A table of one key by day.
std::string usage_table(const UsageReport& report);

// CSV (RFC 4180, but lines end with "\n"): key_id,date,used,remaining.
// Remaining is -1 without a quota.
std::string usage_csv_head();
std::string usage_csv_rows(const v1::KeyUsage& usage, absl::CivilDay first);

// The proto3 JSON of a weir.v1.Usage of all keys, a key a line.
std::string usage_json_head(const v1::Usage& usage);
std::string usage_json_item(const v1::KeyUsage& usage, bool is_first);
std::string usage_json_end();

}  // namespace weir::cli

#endif  // WEIR_CLI_USAGE_REPORT_H_
