// Random walks of a counter and a model that keeps every day in a map and
// recomputes everything.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "gtest/gtest.h"
#include "weir/quota/calendar.h"
#include "weir/quota/daily_log.h"
#include "weir/quota/quota_counter.h"
#include "weir/quota/quota_terms.h"
#include "weir/quota/testing/test_lines.h"
#include "weir/quota/usage_history.h"
#include "weir/tests/time_constants.h"

namespace weir {
namespace {

using testing::TestLines;

struct Model {
  Day first_day = 0;
  Day today = 0;
  std::map<Day, int64_t> used;
  QuotaExtension extension;

  static Day period_start(const QuotaTerms& terms, Day day) {
    const absl::CivilDay date = absl::CivilDay(2000, 1, 1) + day;
    const int id = terms.calendar.id();
    absl::CivilDay start = date;
    if (id >= QuotaCalendar::monthly().id()) {
      while (start.day() != id - QuotaCalendar::monthly().id() + 1) --start;
    } else if (id >= QuotaCalendar::weekly().id()) {
      const auto weekday = static_cast<absl::Weekday>(
          (id - QuotaCalendar::weekly().id() + 6) % 7);
      while (absl::GetWeekday(start) != weekday) --start;
    }
    return static_cast<Day>(day - (date - start));
  }

  QuotaState state(const QuotaTerms& terms, Day day) const {
    QuotaState state;
    state.calendar = terms.calendar;
    state.day = std::max(day, today);
    const Day start = period_start(terms, state.day);
    for (const auto& [d, count] : used) {
      if (d == state.day) state.used_today = count;
      if (start <= d && d <= state.day) state.used_in_period += count;
    }
    if (terms.calendar.is_none()) return state;
    state.cap = terms.limit;
    if (first_day >= start) state.cap -= terms.initial_discount;
    state.cap = std::max<int64_t>(state.cap, 0);
    if (extension.calendar == terms.calendar &&
        extension.period_start == start) {
      state.cap = std::max<int64_t>(state.cap + extension.amount, 0);
    }
    return state;
  }
};

void expect_same(const QuotaState& actual, const QuotaState& expected) {
  EXPECT_EQ(actual.calendar.id(), expected.calendar.id());
  EXPECT_EQ(actual.day, expected.day);
  EXPECT_EQ(actual.used_today, expected.used_today);
  EXPECT_EQ(actual.used_in_period, expected.used_in_period);
  EXPECT_EQ(actual.cap, expected.cap);
}

uint64_t seed() {
  const char* const text = std::getenv("WEIR_TEST_SEED");
  return text == nullptr ? 20'250'601 : std::stoull(text);
}

class Walk {
 public:
  Walk(uint64_t seed, bool forwards_only)
      : random_(seed), forwards_only_(forwards_only) {
    now_ = start_of(uniform(60, 12'000)) + uniform(0, kNanosPerDay - 1);
    change_terms();
    model_.first_day = model_.today = day_of(now_);
    counter_.start(model_.today, uniform(0, 1) == 0 ? terms_.calendar
                                                    : QuotaCalendar::weekly(3));
  }
  ~Walk() { log_.release(lines_); }

  void step() {
    pass_time();
    const Day day = day_of(now_);
    const QuotaState before = model_.state(terms_, day);
    expect_same(counter_.read(terms_, day, log_), before);
    switch (uniform(0, 19)) {
      case 0:
      case 1:
        change_terms();
        break;
      case 2:
        terms_.limit = uniform(0, 300);
        note_terms();
        break;
      case 3:
        set_remaining(day, uniform(0, 400));
        break;
      case 4: {
        const Day counted_on =
            std::max(0, model_.today - static_cast<Day>(uniform(0, 1)));
        const int64_t cost = uniform(0, 20);
        EXPECT_EQ(counter_.give_back(counted_on, cost),
                  counted_on == model_.today);
        if (counted_on == model_.today) {
          int64_t& count = model_.used[counted_on];
          count = std::max<int64_t>(count - cost, 0);
        }
        break;
      }
      case 5:  // All that is left, then one more.
        if (terms_.calendar.is_none()) break;
        EXPECT_TRUE(take(day, before.remaining()));
        EXPECT_FALSE(take(day, 1));
        break;
      default:
        take(day, uniform(0, uniform(0, 3) == 0 ? 80 : 6));
    }
  }

  void expect_same_log() {
    for (Day d = std::max(0, model_.today - 90); d < model_.today; ++d) {
      EXPECT_EQ(log_.read(d).value_or(0), used_on(d)) << d;
    }
  }

 private:
  int64_t uniform(int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(random_);
  }

  int64_t used_on(Day day) const {
    const auto found = model_.used.find(day);
    return found == model_.used.end() ? 0 : found->second;
  }

  void pass_time() {
    constexpr int64_t kMax[] = {10 * kSecond,       3600 * kSecond,
                                8 * 3600 * kSecond, kNanosPerDay,
                                3 * kNanosPerDay,   40 * kNanosPerDay};
    int64_t most = kMax[std::min(uniform(0, 5), uniform(0, 5))];
    if (uniform(0, 99) == 0) most = 150 * kNanosPerDay;
    int64_t passed = uniform(0, most);
    // Lands on midnight, or just before it.
    if (uniform(0, 9) == 0) {
      passed = start_of(day_of(now_) + 1) - now_ - uniform(0, 1);
    }
    if (!forwards_only_ && uniform(0, 5) == 0) passed = -passed / 2;
    const Day before = day_of(now_);
    now_ = std::max(now_ + passed, start_of(40));
    if (!forwards_only_) return;
    // Also checks idle days.
    const QuotaHistory history{model_.first_day, history_, extensions_};
    for (Day d = before; d < day_of(now_); ++d) {
      EXPECT_EQ(
          remaining_at_end(d, history, [&](Day day) { return used_on(day); }),
          model_.state(terms_, d).remaining())
          << d;
    }
  }

  void note_terms() { history_.push_back({now_, terms_}); }

  void change_terms() {
    constexpr QuotaCalendar kUsual[] = {
        QuotaCalendar::none(), QuotaCalendar::daily(), QuotaCalendar::weekly(),
        QuotaCalendar::monthly()};
    terms_.calendar = uniform(0, 1) == 0
                          ? kUsual[uniform(0, 3)]
                          : QuotaCalendar::from_id(static_cast<int>(
                                uniform(0, QuotaCalendar::kIds - 1)));
    terms_.limit = uniform(0, 300);
    terms_.initial_discount = uniform(0, 1) == 0 ? 0 : uniform(0, 100);
    note_terms();
  }

  void set_remaining(Day day, int64_t n) {
    const auto state = counter_.set_remaining(terms_, day, n, log_);
    ASSERT_EQ(state.ok(), !terms_.calendar.is_none());
    if (!state.ok()) return;
    model_.extension = {};
    const QuotaState plain = model_.state(terms_, day);
    model_.extension = {terms_.calendar, Model::period_start(terms_, plain.day),
                        plain.used_in_period + n - plain.cap};
    extensions_.push_back({now_, counter_.extension()});
    expect_same(*state, model_.state(terms_, day));
    EXPECT_EQ(state->remaining(), n);
  }

  bool take(Day day, int64_t cost) {
    QuotaState expected = model_.state(terms_, day);
    const bool admitted = terms_.calendar.is_none() ||
                          expected.used_in_period + cost <= expected.cap ||
                          cost == 0;
    const QuotaDecision checked = counter_.check(terms_, day, cost, log_);
    EXPECT_EQ(checked.admitted, admitted);
    expect_same(checked.state, expected);
    model_.today = expected.day;
    if (admitted) {
      model_.used[expected.day] += cost;
      expected.used_today += cost;
      expected.used_in_period += cost;
    }
    const QuotaDecision taken = counter_.take(terms_, day, cost, log_, lines_);
    EXPECT_EQ(taken.admitted, admitted);
    expect_same(taken.state, expected);
    if (!admitted) expect_right_retry(taken.state, cost);
    return admitted;
  }

  void expect_right_retry(const QuotaState& state, int64_t cost) const {
    const std::optional<Day> retry = retry_day(terms_, state, cost);
    EXPECT_EQ(retry.has_value(), cost <= terms_.limit);
    // The clock may have stepped back from a period that was extended.
    if (!retry || model_.extension.period_start >= *retry) return;
    EXPECT_TRUE(model_.state(terms_, *retry).has_room_for(cost));
    EXPECT_FALSE(model_.state(terms_, *retry - 1).has_room_for(cost));
  }

  std::mt19937_64 random_;
  const bool forwards_only_;
  int64_t now_ = 0;
  QuotaTerms terms_;
  std::vector<TermsChange> history_;
  std::vector<ExtensionChange> extensions_;
  Model model_;
  TestLines lines_;
  DailyLog log_;
  QuotaCounter counter_;
};

void walk(bool forwards_only) {
  constexpr int kWalks = 60;
  constexpr int kSteps = 400;
  for (int i = 0; i < kWalks && !::testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE("WEIR_TEST_SEED=" + std::to_string(seed() + i));
    Walk walk(seed() + i, forwards_only);
    for (int s = 0; s < kSteps && !::testing::Test::HasFailure(); ++s) {
      SCOPED_TRACE("step " + std::to_string(s));
      walk.step();
      if (s % 20 == 0) walk.expect_same_log();
    }
    walk.expect_same_log();
  }
}

TEST(QuotaModel, AgreesWhateverTheClockDoes) { walk(/*forwards_only=*/false); }

TEST(QuotaModel, AgreesWithTheHistoryOfEveryDay) {
  walk(/*forwards_only=*/true);
}

}  // namespace
}  // namespace weir
