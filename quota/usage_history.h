#ifndef WEIR_QUOTA_USAGE_HISTORY_H_
#define WEIR_QUOTA_USAGE_HISTORY_H_

#include <cstdint>
#include <vector>

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

// Drops the changes that one of `unix_ns` makes void: those of the same day, of
// which only the last one matters, and of later days, which come again after
// the clock has stepped back.
template <class Change>
void drop_superseded(std::vector<Change>& changes, int64_t unix_ns) {
  while (!changes.empty() &&
         day_of(changes.back().unix_ns) >= day_of(unix_ns)) {
    changes.pop_back();
  }
}

// What is known of a key's past. Both lists are in the order of time.
struct QuotaHistory {
  Day first_day = 0;  // The day on which the key was attached.
  absl::Span<const TermsChange> terms;
  absl::Span<const ExtensionChange> extensions;
};

// What remained of the period when `day` ended, under the terms and the
// extension then in force; QuotaState::kUnlimited if there was no quota. Before
// the key was attached, the limit; on days to come, what is left now of the
// present period, and of each later one all that it allows.
// `used_on` gives the usage of a day, 0 if it had none; it is asked about the
// days from the start of the period to `day`.
int64_t remaining_at_end(Day day, const QuotaHistory& history,
                         absl::FunctionRef<int64_t(Day)> used_on);

}  // namespace weir

#endif  // WEIR_QUOTA_USAGE_HISTORY_H_
