#ifndef WEIR_QUOTA_QUOTA_COUNTER_H_
#define WEIR_QUOTA_QUOTA_COUNTER_H_

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>

#include "absl/base/attributes.h"
#include "absl/base/optimization.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/memory/line_source.h"
#include "weir/quota/calendar.h"
#include "weir/quota/daily_log.h"
#include "weir/quota/packed_words.h"
#include "weir/quota/quota_terms.h"

namespace weir {

// One key's usage at one moment. If a set_remaining() overlaps the call, the
// cap may be from another moment within the call.
struct QuotaState {
  static constexpr int64_t kUnlimited = -1;
  static constexpr int64_t kNoCap = std::numeric_limits<int64_t>::max();

  QuotaCalendar calendar;
  Day day = 0;  // The day being counted: the caller's, or later.
  int64_t used_today = 0;
  int64_t used_in_period = 0;
  int64_t cap = kNoCap;  // The most that the period may use in total.

  // What remains for the period; kUnlimited if there is no quota.
  constexpr int64_t remaining() const noexcept {
    if (cap == kNoCap) return kUnlimited;
    return std::max<int64_t>(cap - used_in_period, 0);
  }
  constexpr bool has_room_for(int64_t cost) const noexcept {
    return cap == kNoCap || cost <= remaining();
  }
  constexpr Day period_start() const noexcept {
    return calendar.period_start(day);
  }
  constexpr Day period_end() const noexcept { return calendar.period_end(day); }
};

struct QuotaDecision {
  bool admitted;
  QuotaState state;  // After the request, which it includes if admitted.
};

// The first day on which a request of `cost` that was refused in `state` can be
// admitted; nullopt if it never can be under these terms.
constexpr std::optional<Day> retry_day(const QuotaTerms& terms,
                                       const QuotaState& state,
                                       int64_t cost) noexcept {
  // Neither the discount nor an extension outlives its period.
  if (cost > std::min(terms.limit, kMaxQuota)) return std::nullopt;
  return state.period_end();
}

// The words of a counter at one moment.
struct QuotaWords {
  // The words of a counter that starts on `day`.
  static constexpr QuotaWords at_start(Day day,
                                       QuotaCalendar calendar) noexcept {
    return {DayWord(day, 0), PeriodWord(calendar, day, 0), PeriodWord()};
  }

  // Whether a counter can hold these words.
  constexpr bool are_possible() const noexcept {
    return period.has_calendar() && extension.has_calendar() &&
           (today.closed() ? today.day() <= period.day()
                           : today.day() == period.day());
  }

  DayWord today;         // The day being counted, and its count.
  PeriodWord period;     // What its period used before that day.
  PeriodWord extension;  // Of the period that starts on the word's day.
};

// A counter of one key's usage under one plan: exact across midnights, across
// changes of the plan, and when the clock steps back. Counts go up, and the cap
// is computed from the terms that each request brings, so new terms apply at
// once and need no work per key.
//
// Functions take the caller's day, as day_of() returns it. If it is before the
// day being counted (the clock stepped back, or the call began before
// midnight), the latter is used instead: nothing is reset, and nothing is lost.
// Costs are not negative.
//
// Zeroed memory is a counter that started on day 0 without a quota. Does not
// block or throw; only error statuses allocate. *thread-safe*, except start()
// and resume(). docs/quota.md explains the algorithm.
template <template <class> class Atomic = std::atomic>
class BasicQuotaCounter {
 public:
  using Log = BasicDailyLog<Atomic>;

  BasicQuotaCounter() = default;
  BasicQuotaCounter(const BasicQuotaCounter&) = delete;
  BasicQuotaCounter& operator=(const BasicQuotaCounter&) = delete;

  // Makes this the counter of a key that is attached on `day`. `calendar` is
  // the plan's; with any other, the first request just has to recount.
  // REQUIRES: no other thread uses the counter, and its log is empty.
  void start(Day day, QuotaCalendar calendar) noexcept {
    resume(day, QuotaWords::at_start(day, calendar));
  }

  // Resumes from the `words` of another counter, which was started on
  // `first_day`. The log holds what the other counter's log held.
  // REQUIRES: no other thread uses the counter; `words.are_possible()`.
  void resume(Day first_day, const QuotaWords& words) noexcept {
    first_day_ = first_day;
    extension_.store(words.extension.bits());
    period_.store(words.period.bits());
    today_.store(words.today.bits());
  }

  // The words to resume() from. They are from one moment, except for an
  // extension that is being set; days that ended before then are in the log.
  QuotaWords snapshot() const noexcept {
    const PeriodWord extension(extension_.load());
    for (uint64_t bits = period_.load();;) {
      // Linearization point. By 2, if the word is unchanged, it named the same
      // day when `today_` was read. If it had another calendar then, the two
      // words are equivalent, by 5.
      const DayWord today(today_.load());
      const uint64_t again = period_.load();
      if (again == bits) return {today, PeriodWord(bits), extension};
      bits = again;
    }
  }

  // Counts `cost` if the period has room for all of it, otherwise nothing. The
  // first call on a new day also writes the day that ended to `log`.
  QuotaDecision take(const QuotaTerms& terms, Day day, int64_t cost, Log& log,
                     internal::LineSource& lines) noexcept;

  // The same for a caller whose check() has just succeeded with the state
  // `seen`. Takes one compare-and-swap, unless something has changed since
  // then. May ignore an extension that was set since then.
  QuotaDecision take(const QuotaTerms& terms, Day day, int64_t cost,
                     const QuotaState& seen, Log& log,
                     internal::LineSource& lines) noexcept;

  // Returns whether take() would admit `cost`, and the state without it. Writes
  // nothing.
  QuotaDecision check(const QuotaTerms& terms, Day day, int64_t cost,
                      const Log& log) const noexcept {
    const QuotaState state = read(terms, day, log);
    return {state.has_room_for(cost), state};
  }

  QuotaState read(const QuotaTerms& terms, Day day,
                  const Log& log) const noexcept;

  // Subtracts `cost` from what take() counted on `counted_on`, the `day` of its
  // state. Returns false if that day has ended: its count is final.
  bool give_back(Day counted_on, int64_t cost) noexcept;

  // Raises or lowers the period's cap so that `n` more can be used until it
  // ends. A take() that overlaps this call may still be decided by the old cap,
  // but counts against `n`. Returns the new state.
  // FailedPrecondition if the terms have no quota, InvalidArgument if `n` is
  // negative or out of range.
  absl::StatusOr<QuotaState> set_remaining(const QuotaTerms& terms, Day day,
                                           int64_t n, const Log& log) noexcept;

  // The same in two steps, for callers that must persist the extension first.
  // Usage counted between the steps counts against `n` too.
  struct Extended {
    QuotaExtension extension;
    QuotaState state;  // The state after extend().
  };
  absl::StatusOr<Extended> extension_to_leave(int64_t n,
                                              const QuotaTerms& terms, Day day,
                                              const Log& log) const noexcept;
  void extend(const QuotaExtension& extension) noexcept {
    // Linearization point.
    extension_.store(
        PeriodWord(extension.calendar, extension.period_start, extension.amount)
            .bits());
  }

  // The latest extension; its period may have ended.
  QuotaExtension extension() const noexcept {
    const PeriodWord word(extension_.load());
    return {word.calendar(), word.day(), word.signed_amount()};
  }

  // The latest day that was counted, and its count. It may not be in the log
  // yet. Earlier days are, so read this before the log.
  struct Counted {
    Day day;
    int64_t count;
  };
  Counted counted() const noexcept {
    const DayWord today(today_.load());
    return {today.day(), today.count()};
  }

  // The day on which the key was attached.
  Day first_day() const noexcept { return first_day_; }

 private:
  // Whether requests of `day` under `calendar` count in `today`, with `period`
  // as the usage before that day.
  static bool is_current(DayWord today, PeriodWord period,
                         QuotaCalendar calendar, Day day) noexcept {
    return today.open_on(period.day()) && period.is_for(calendar) &&
           day <= period.day();
  }

  // What the period that contains `period.day()` used before that day.
  static int64_t used_before(PeriodWord period, QuotaCalendar calendar,
                             const Log& log) noexcept {
    if (period.is_for(calendar)) return period.count();
    const Day day = period.day();
    return std::min(log.sum(calendar.period_start(day), day - 1), kMaxQuota);
  }

  // What the period that contains `day` used before it, if the day of `period`
  // ended with `count` and no day in between had usage.
  static int64_t used_before(Day day, PeriodWord period, int64_t count,
                             QuotaCalendar calendar, const Log& log) noexcept {
    if (calendar.period_start(day) > period.day()) return 0;
    return std::min(used_before(period, calendar, log) + count, kMaxQuota);
  }

  QuotaState state_of(const QuotaTerms& terms, DayWord today,
                      int64_t before) const noexcept {
    return {terms.calendar, today.day(), today.count(), before + today.count(),
            cap_of(terms, today.day())};
  }

  int64_t cap_of(const QuotaTerms& terms, Day day) const noexcept {
    const QuotaCalendar calendar = terms.calendar;
    if (calendar.is_none()) return QuotaState::kNoCap;
    const int64_t cap = planned_cap(terms, first_day_, day);
    const PeriodWord extension(extension_.load());
    if (ABSL_PREDICT_TRUE(extension.bits() == 0)) return cap;
    // For a key with an old extension, the first comparison is enough.
    if (day - extension.day() >= QuotaCalendar::kMaxPeriod ||
        !extension.is_for(calendar, calendar.period_start(day))) {
      return cap;
    }
    return extended_cap(cap, extension.signed_amount());
  }

  // Does one of the steps that are due before a request can be counted, and
  // returns the period word to continue with.
  PeriodWord settle(DayWord today, QuotaCalendar calendar, Day day, Log& log,
                    internal::LineSource& lines) noexcept;
  PeriodWord advance(DayWord ended, PeriodWord period, QuotaCalendar calendar,
                     Day day, Log& log, internal::LineSource& lines) noexcept;
  QuotaState read_unsettled(const QuotaTerms& terms, Day day,
                            const Log& log) const noexcept;

  // All accesses are sequentially consistent.
  //
  // Invariants:
  // 1. While `today_` is open, both words name the same day: `period_` moves on
  //    only while the day is closed, and the day that opens is the one that
  //    `period_` names.
  // 2. The day of `period_` never decreases, and increases only while `today_`
  //    is closed on the day that it leaves. So a CAS from a word that names day
  //    D proves that D has not been left.
  // 3. A day is closed once and its count is final from then on, because the
  //    day that opens next is later (2). So all helpers see one count.
  // 4. A day that counted anything is in the log before `period_` leaves it
  //    (unless no line was available).
  // 5. While `period_` names D, its count is a function of its calendar: the
  //    usage from the start of the period to the eve of D, all of which is in
  //    the log (4). So equal words mean equal states, however often the
  //    calendar changed back and forth, and a copy of the word is valid as long
  //    as `today_` is open on D, even if `period_` has another calendar by now.
  Atomic<uint64_t> today_{0};   // DayWord
  Atomic<uint64_t> period_{0};  // PeriodWord: used in the period before today
  Atomic<uint64_t> extension_{0};  // PeriodWord: its day starts the period
  Day first_day_ = 0;
};

using QuotaCounter = BasicQuotaCounter<>;

template <template <class> class Atomic>
inline QuotaDecision BasicQuotaCounter<Atomic>::take(
    const QuotaTerms& terms, Day day, int64_t cost, Log& log,
    internal::LineSource& lines) noexcept {
  PeriodWord period(period_.load());
  for (;;) {
    const DayWord today(today_.load());
    if (ABSL_PREDICT_FALSE(!is_current(today, period, terms.calendar, day))) {
      period = settle(today, terms.calendar, day, log, lines);
      continue;
    }
    const QuotaState state = state_of(terms, today, period.count());
    // Linearization point of a refusal: the load of `today_`.
    if (!state.has_room_for(cost)) return {false, state};
    const DayWord counted = today.plus(cost);
    // Linearization point: the CAS. It finds the day open with the same count;
    // by 5, what was used before it is the same too.
    uint64_t bits = today.bits();
    if (ABSL_PREDICT_TRUE(
            today_.compare_exchange_strong(bits, counted.bits()))) {
      return {true,
              {state.calendar, state.day, counted.count(),
               period.count() + counted.count(), state.cap}};
    }
  }
}

template <template <class> class Atomic>
inline QuotaDecision BasicQuotaCounter<Atomic>::take(
    const QuotaTerms& terms, Day day, int64_t cost, const QuotaState& seen,
    Log& log, internal::LineSource& lines) noexcept {
  if (cost == 0) return check(terms, day, cost, log);
  const DayWord today(seen.day, seen.used_today);
  const DayWord counted = today.plus(cost);
  // Linearization point: the CAS, as in the other take(). If the day of `seen`
  // has not been opened yet, `today_` names another day and the CAS fails.
  uint64_t bits = today.bits();
  if (ABSL_PREDICT_TRUE(today_.compare_exchange_strong(bits, counted.bits()))) {
    return {
        true,
        {seen.calendar, seen.day, counted.count(),
         seen.used_in_period - seen.used_today + counted.count(), seen.cap}};
  }
  return take(terms, day, cost, log, lines);
}

template <template <class> class Atomic>
inline QuotaState BasicQuotaCounter<Atomic>::read(
    const QuotaTerms& terms, Day day, const Log& log) const noexcept {
  const PeriodWord period(period_.load());
  // Linearization point, unless a step is due.
  const DayWord today(today_.load());
  if (ABSL_PREDICT_FALSE(!is_current(today, period, terms.calendar, day))) {
    return read_unsettled(terms, day, log);
  }
  return state_of(terms, today, period.count());
}

template <template <class> class Atomic>
bool BasicQuotaCounter<Atomic>::give_back(Day counted_on,
                                          int64_t cost) noexcept {
  uint64_t bits = today_.load();
  while (DayWord(bits).open_on(counted_on)) {
    const int64_t left = std::max<int64_t>(DayWord(bits).count() - cost, 0);
    // Linearization point.
    if (today_.compare_exchange_strong(bits,
                                       DayWord(counted_on, left).bits())) {
      return true;
    }
  }
  return false;
}

template <template <class> class Atomic>
absl::StatusOr<QuotaState> BasicQuotaCounter<Atomic>::set_remaining(
    const QuotaTerms& terms, Day day, int64_t n, const Log& log) noexcept {
  const auto extended = extension_to_leave(n, terms, day, log);
  if (!extended.ok()) return extended.status();
  extend(extended->extension);
  return extended->state;
}

template <template <class> class Atomic>
auto BasicQuotaCounter<Atomic>::extension_to_leave(
    int64_t n, const QuotaTerms& terms, Day day, const Log& log) const noexcept
    -> absl::StatusOr<Extended> {
  if (terms.calendar.is_none()) {
    return absl::FailedPreconditionError("There is no quota to extend");
  }
  QuotaState state = read(terms, day, log);
  if (n < 0 || n > kMaxQuota - state.used_in_period) {
    return absl::InvalidArgumentError("Remaining requests are out of range");
  }
  state.cap = state.used_in_period + n;
  const int64_t amount = state.cap - planned_cap(terms, first_day_, state.day);
  if (std::abs(amount) > PeriodWord::kMaxSigned) {
    return absl::InvalidArgumentError("Remaining requests are out of range");
  }
  return Extended{{terms.calendar, state.period_start(), amount}, state};
}

template <template <class> class Atomic>
ABSL_ATTRIBUTE_NOINLINE PeriodWord BasicQuotaCounter<Atomic>::settle(
    DayWord today, QuotaCalendar calendar, Day day, Log& log,
    internal::LineSource& lines) noexcept {
  const PeriodWord period(period_.load());
  uint64_t today_bits = today.bits();
  if (today.closed()) {
    if (period.day() == today.day()) {
      return advance(today, period, calendar, day, log, lines);
    }
    // Linearization point of opening the day. By 2, `period_` does not leave it
    // before then.
    today_.compare_exchange_strong(today_bits, DayWord(period.day(), 0).bits());
  } else if (period.day() != today.day()) {
    // By 1, `today` is no longer what `today_` holds.
  } else if (day > today.day()) {
    // Linearization point of closing the day.
    today_.compare_exchange_strong(today_bits, today.as_closed().bits());
  } else if (!period.is_for(calendar)) {
    const PeriodWord recounted(calendar, period.day(),
                               used_before(period, calendar, log));
    // Linearization point of the change of calendar.
    uint64_t bits = period.bits();
    if (period_.compare_exchange_strong(bits, recounted.bits())) {
      return recounted;
    }
  }
  return period;
}

// Records the day that `ended`, then moves `period_` on to the next.
template <template <class> class Atomic>
PeriodWord BasicQuotaCounter<Atomic>::advance(
    DayWord ended, PeriodWord period, QuotaCalendar calendar, Day day, Log& log,
    internal::LineSource& lines) noexcept {
  const bool logged = ended.count() == 0 ||
                      log.record(
                          ended.as_open(),
                          [&] { return today_.load() == ended.bits(); }, lines);
  // The thread that closed the day saw a later one, even if this caller's clock
  // did not.
  const Day next = std::max(day, ended.day() + 1);
  const PeriodWord advanced(
      calendar, next, used_before(next, period, ended.count(), calendar, log));
  // Linearization point of leaving the day.
  uint64_t bits = period.bits();
  if (!period_.compare_exchange_strong(bits, advanced.bits())) {
    return PeriodWord(bits);
  }
  if (!logged) lines.lost_day();
  return advanced;
}

// What read() would return if take() had settled first.
template <template <class> class Atomic>
ABSL_ATTRIBUTE_NOINLINE QuotaState BasicQuotaCounter<Atomic>::read_unsettled(
    const QuotaTerms& terms, Day day, const Log& log) const noexcept {
  const QuotaCalendar calendar = terms.calendar;
  for (;;) {
    const PeriodWord period(period_.load());
    const DayWord today(today_.load());
    // If `period_` has left the closed day, the next day has no count yet. If
    // not, no later day has been counted: this one is as good as open.
    const int64_t count = today.day() == period.day() ? today.count() : 0;
    const Day on = std::max(day, period.day());
    const QuotaState state =
        on == period.day()
            ? state_of(terms, DayWord(on, count),
                       used_before(period, calendar, log))
            : state_of(terms, DayWord(on, 0),
                       used_before(on, period, count, calendar, log));
    // By 2, if the word has not changed then its day was not left, so the log
    // did not change either. Linearization point: the load of `today_`.
    if (period_.load() == period.bits()) return state;
  }
}

}  // namespace weir

#endif  // WEIR_QUOTA_QUOTA_COUNTER_H_
