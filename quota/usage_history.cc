#include "weir/quota/usage_history.h"

#include <algorithm>
#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "weir/quota/calendar.h"
#include "weir/quota/quota_counter.h"
#include "weir/quota/quota_terms.h"

namespace weir {
namespace {

// Returns the last change before `unix_ns`; nullptr if there is none.
template <class Change>
const Change* last_before(int64_t unix_ns, absl::Span<const Change> changes) {
  const auto after = std::lower_bound(
      changes.begin(), changes.end(), unix_ns,
      [](const Change& change, int64_t time) { return change.unix_ns < time; });
  return after == changes.begin() ? nullptr : &*(after - 1);
}

}  // namespace

int64_t remaining_at_end(Day day, const QuotaHistory& history,
                         absl::FunctionRef<int64_t(Day)> used_on) {
  const int64_t end = start_of(day + 1);
  const TermsChange* const change = last_before(end, history.terms);
  if (change == nullptr) return QuotaState::kUnlimited;
  const QuotaTerms& terms = change->terms;
  if (terms.calendar.is_none()) return QuotaState::kUnlimited;

  if (day < history.first_day) return std::min(terms.limit, kMaxQuota);
  QuotaState state;
  state.cap = planned_cap(terms, history.first_day, day);
  const Day start = terms.calendar.period_start(day);
  if (const ExtensionChange* const last =
          last_before(end, history.extensions)) {
    const QuotaExtension& extension = last->extension;
    if (extension.calendar == terms.calendar &&
        extension.period_start == start) {
      state.cap = extended_cap(state.cap, extension.amount);
    }
  }
  for (Day d = start; d <= day; ++d) state.used_in_period += used_on(d);
  return state.remaining();
}

}  // namespace weir
