// Queries an enforcer for the usage of keys, and writes the answer.

#ifndef WEIR_CLI_USAGE_USAGE_QUERY_H_
#define WEIR_CLI_USAGE_USAGE_QUERY_H_

#include <cstdint>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "weir/enforcer/enforcer.h"
#include "weir/plan/validation.h"

namespace weir::cli {

enum class UsageFormat : std::uint8_t { kTable, kJson, kCsv, kChart, kSvg };

struct UsageQuery {
  static constexpr int kMaxDays = 400;  // as many as a store keeps

  std::string plan_id;
  std::string key_id;          // "": all keys of the plan
  absl::CivilDay first, last;  // both included; kMaxDays at most
  UsageFormat format = UsageFormat::kTable;
  PlanRules rules;  // the meaning of the offset of the plan's quota
  // For the text chart.
  int width = 80;
  bool utf8 = true;
};

// Writes the result of the query. Keys are read and written 500 at a time, so
// memory does not grow with their number; requests admitted in the meantime are
// included in later keys.
//
// Errors: those of get_usage(). Unless the plan or the key does not exist, part
// of the output may have been written: a JSON document is then incomplete.
absl::Status write_usage(const Enforcer& enforcer, const UsageQuery& query,
                         std::ostream& out);

}  // namespace weir::cli

#endif  // WEIR_CLI_USAGE_USAGE_QUERY_H_
