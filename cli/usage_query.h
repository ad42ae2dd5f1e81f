// Asks an enforcer what keys have used, and writes the answer.

#ifndef WEIR_CLI_USAGE_QUERY_H_
#define WEIR_CLI_USAGE_QUERY_H_

#include <cstdint>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "enforcer/enforcer.h"
#include "plan/validation.h"

namespace weir::cli {

enum class UsageFormat : std::uint8_t { kTable, kJson, kCsv, kChart, kSvg };

struct UsageQuery {
  static constexpr int kMaxDays = 400;  // that a store keeps

  std::string plan_id;
  std::string key_id;          // "": all keys of the plan
  absl::CivilDay first, last;  // both included; kMaxDays at most
  UsageFormat format = UsageFormat::kTable;
  PlanRules rules;  // what the offset of the plan's quota means
  // Of a chart of text.
  int width = 80;
  bool utf8 = true;
};

// Writes what the query asks for. Keys are read and written 500 at a time, so
// their number takes no memory; what the enforcer admits meanwhile is in the
// later ones.
//
// Errors: those of get_usage(). Unless the plan or the key is not there, some
// may have been written then: a JSON document has no end.
absl::Status write_usage(const Enforcer& enforcer, const UsageQuery& query,
                         std::ostream& out);

}  // namespace weir::cli

#endif  // WEIR_CLI_USAGE_QUERY_H_
