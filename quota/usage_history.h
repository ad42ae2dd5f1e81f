#ifndef WEIR_QUOTA_USAGE_HISTORY_H_
#define WEIR_QUOTA_USAGE_HISTORY_H_

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "weir/quota/calendar.h"
#include "weir/quota/quota_terms.h"

namespace weir {

// The terms in force from `unix_ns` on.
struct TermsChange {
  int64_t unix_ns = 0;
  QuotaTerms terms;
};

// The extension in force from `unix_ns` on, in place of any earlier one.
struct ExtensionChange {
  int64_t unix_ns = 0;
  QuotaExtension extension;
};

// Drops the changes that a change at `unix_ns` supersedes: those of the same
// day, since only its last change matters, and those of later days, which will
// come again if the clock has stepped back.
template <class Change>
void drop_superseded(std::vector<Change>& changes, int64_t unix_ns) {
  while (!changes.empty() &&
         day_of(changes.back().unix_ns) >= day_of(unix_ns)) {
    changes.pop_back();
  }
}

// A key's past terms and extensions, each list in the order of time.
struct QuotaHistory {
  Day first_day = 0;  // The day on which the key was attached.
  absl::Span<const TermsChange> terms;
  absl::Span<const ExtensionChange> extensions;
};

// What remained of the quota period when `day` ended, under the terms and the
// extension in force then; QuotaState::kUnlimited if there was no quota. For a
// day before the key was attached, the limit. For a future day, what is left
// now if it is in the current period, otherwise all that its period allows.
// `used_on` returns the usage of a day, 0 if it had none. It is called for the
// days from the start of the period to `day`.
int64_t remaining_at_end(Day day, const QuotaHistory& history,
                         absl::FunctionRef<int64_t(Day)> used_on);

}  // namespace weir

#endif  // WEIR_QUOTA_USAGE_HISTORY_H_
