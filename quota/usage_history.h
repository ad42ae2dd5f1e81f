#ifndef WEIR_QUOTA_USAGE_HISTORY_H_
#define WEIR_QUOTA_USAGE_HISTORY_H_

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "quota/calendar.h"
#include "quota/quota_terms.h"

namespace weir {

// From `unix_ns` on, these terms held.
struct TermsChange {
  int64_t unix_ns = 0;
  QuotaTerms terms;
};

// From `unix_ns` on, this extension held, in place of any before.
struct ExtensionChange {
  int64_t unix_ns = 0;
  QuotaExtension extension;
};

// What is known of a key's past. Both lists are in the order of time.
struct QuotaHistory {
  Day first_day = 0;  // The day on which the key was attached.
  absl::Span<const TermsChange> terms;
  absl::Span<const ExtensionChange> extensions;
};

// What remained of the period when `day` ended, under the terms and the
// extension then in force; QuotaState::kUnlimited if there was no quota.
// `used_on` gives the usage of a day, 0 if it had none; it is asked about the
// days from the start of the period to `day`.
int64_t remaining_at_end(Day day, const QuotaHistory& history,
                         absl::FunctionRef<int64_t(Day)> used_on);

}  // namespace weir

#endif  // WEIR_QUOTA_USAGE_HISTORY_H_
