// Small programs on one counter. The smallest are run under every order of
// their accesses, the others under WEIR_TEST_RUNS random ones. Where memory
// orders allow reads of old values, those are tried too.

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "weir/quota/calendar.h"
#include "weir/quota/counts.h"
#include "weir/quota/daily_log.h"
#include "weir/quota/packed_words.h"
#include "weir/quota/quota_counter.h"
#include "weir/quota/quota_terms.h"
#include "weir/quota/testing/test_lines.h"
#include "weir/tests/interleaving/interleaving.h"

namespace weir {
namespace {

using testing::Bounds;
using testing::explore;
using testing::explore_random;
using testing::Program;
using testing::ScheduledAtomic;
using testing::TestLines;

constexpr Day kDay = 9307;  // 2025-06-25: the month ends in the same week.
constexpr QuotaTerms kDaily{QuotaCalendar::daily(), 10, 0};
constexpr QuotaTerms kWeekly{QuotaCalendar::weekly(), 10, 0};
constexpr QuotaTerms kMonthly{QuotaCalendar::monthly(), 10, 0};

int64_t from_environment(const char* name, int64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoll(text);
}

constexpr int kLateReads = 2;

// Whether takes call check() first, as `admit()` does, and pass on its state.
bool takes_look = false;

void search(const std::function<void(Program&)>& build) {
  const int64_t seed = from_environment("WEIR_TEST_SEED", 20'250'625);
  SCOPED_TRACE("WEIR_TEST_SEED=" + std::to_string(seed));
  for (const bool look : {false, true}) {
    takes_look = look;
    explore_random(build, seed, from_environment("WEIR_TEST_RUNS", 400),
                   kLateReads);
  }
  takes_look = false;
}

// A counter that has used 3 on the day before kDay and 2 on kDay, and what has
// been admitted on each day since.
struct Key {
  explicit Key(const QuotaTerms& terms, int lines = 100) : lines(lines) {
    counter.start(kDay - 1, terms.calendar);
    take(terms, kDay - 1, 3);
    take(terms, kDay, 2);
  }
  ~Key() {
    log.release(lines);
    EXPECT_EQ(lines.out(), 0);
  }

  bool take(const QuotaTerms& terms, Day day, int64_t cost) {
    const QuotaDecision decision = decide(terms, day, cost);
    if (decision.admitted) used[decision.state.day] += cost;
    EXPECT_GE(decision.state.day, day);
    return decision.admitted;
  }

  QuotaDecision decide(const QuotaTerms& terms, Day day, int64_t cost) {
    if (!takes_look) return counter.take(terms, day, cost, log, lines);
    const QuotaDecision seen = counter.check(terms, day, cost, log);
    if (!seen.admitted) return seen;
    return counter.take(terms, day, cost, seen.state, log, lines);
  }

  // Nothing was lost or counted twice, in any view.
  void expect_exact() {
    const Day last = counter.read({}, 0, log).day;
    for (const QuotaTerms& terms : {QuotaTerms(), kDaily, kWeekly, kMonthly}) {
      const QuotaState state = counter.read(terms, 0, log);
      const Day start = terms.calendar.period_start(last);
      int64_t total = 0;
      for (const auto& [day, count] : used) {
        if (day >= start) total += count;
        if (day < last) {
          EXPECT_EQ(log.read(day).value_or(0), count) << day;
        }
      }
      EXPECT_EQ(state.used_today, used[last]);
      EXPECT_EQ(state.used_in_period, total) << terms.calendar.id();
    }
  }

  TestLines lines;
  BasicDailyLog<ScheduledAtomic> log;
  BasicQuotaCounter<ScheduledAtomic> counter;
  std::map<Day, int64_t> used;  // Plain: one thread runs at a time.
};

// A program in which each thread does one thing to a key.
template <class... Bodies>
auto program_of(const QuotaTerms& terms, Bodies... bodies) {
  return [=](Program& program) {
    auto key = std::make_shared<Key>(terms);
    (program.thread([=] { bodies(*key); }), ...);
    program.at_end([=] { key->expect_exact(); });
  };
}

std::function<void(Key&)> take(QuotaTerms terms, Day day, int64_t cost) {
  return [=](Key& key) { key.take(terms, day, cost); };
}

TEST(QuotaInterleaving, CountsOnceWhileTheDayCloses) {
  search(program_of(kMonthly, take(kMonthly, kDay, 1),
                    take(kMonthly, kDay + 1, 1)));
}

TEST(QuotaInterleaving, CountsOnceWhileThePeriodEnds) {
  search(program_of(kDaily, take(kDaily, kDay, 1), take(kDaily, kDay, 1),
                    take(kDaily, kDay + 1, 1)));
}

TEST(QuotaInterleaving, NeverExceedsTheCapWhileTheDayCloses) {
  search([](Program& program) {
    auto key = std::make_shared<Key>(kMonthly);
    for (const Day day : {kDay, kDay + 1}) {
      program.thread([=] { key->take(kMonthly, day, 4); });
    }
    program.at_end([=] {
      key->expect_exact();
      EXPECT_EQ(key->counter.read(kMonthly, 0, key->log).used_in_period, 9);
    });
  });
}

TEST(QuotaInterleaving, ClosersWithOldAndNewCalendarAgree) {
  search(program_of(kMonthly, take(kMonthly, kDay + 1, 1),
                    take(kWeekly, kDay + 1, 1)));
}

TEST(QuotaInterleaving, ClosersWithDifferentDaysAgree) {
  search(program_of(kMonthly, take(kMonthly, kDay, 1),
                    take(kWeekly, kDay + 1, 1), take(kMonthly, kDay + 3, 1)));
}

TEST(QuotaInterleaving, RecountsAgreeWhileTheDayCloses) {
  search(program_of(kMonthly, take(kWeekly, kDay, 1), take(kDaily, kDay, 1),
                    take(kMonthly, kDay + 1, 1)));
}

TEST(QuotaInterleaving, RecountsAgreeOnOneDay) {
  search(program_of(kMonthly, take(kWeekly, kDay, 1), take(kDaily, kDay, 1)));
}

TEST(QuotaInterleaving, ReadsNothingBetweenTwoStates) {
  search([](Program& program) {
    auto key = std::make_shared<Key>(kMonthly);
    program.thread([=] { key->take(kMonthly, kDay + 1, 1); });
    program.thread([=] {
      for (const QuotaTerms& terms : {kMonthly, kWeekly}) {
        const QuotaState state = key->counter.read(terms, kDay + 1, key->log);
        EXPECT_EQ(state.day, kDay + 1);
        EXPECT_EQ(state.used_in_period - state.used_today, 5);
        EXPECT_LE(state.used_today, 1);
      }
    });
    program.at_end([=] { key->expect_exact(); });
  });
}

TEST(QuotaInterleaving, GivesBackOnceOrNotAtAllWhileTheDayCloses) {
  const auto give_back = [](Key& key) {
    if (key.counter.give_back(kDay, 1)) key.used[kDay] -= 1;
  };
  EXPECT_TRUE(
      explore(program_of(kMonthly, give_back, take(kMonthly, kDay + 1, 1)),
              Bounds{testing::kAnyPreemptions, kLateReads})
          .complete);
}

// 5 of 10 are used. Whichever cap decides the takes, they count against the 2
// that the operator leaves.
TEST(QuotaInterleaving, CountsAgainstWhatAnOperatorLeaves) {
  const auto explored = explore(
      [](Program& program) {
        auto key = std::make_shared<Key>(kMonthly);
        auto cap = std::make_shared<int64_t>();
        program.thread([=] {
          const auto state =
              key->counter.set_remaining(kMonthly, kDay, 2, key->log);
          ASSERT_TRUE(state.ok());
          EXPECT_EQ(state->remaining(), 2);
          *cap = state->cap;
        });
        program.thread([=] {
          for (int i = 0; i < 2; ++i) {
            EXPECT_TRUE(key->take(kMonthly, kDay, 1));
          }
        });
        program.at_end([=] {
          key->expect_exact();
          const QuotaState state = key->counter.read(kMonthly, kDay, key->log);
          EXPECT_EQ(state.cap, *cap);
          EXPECT_EQ(state.used_in_period, 7);
        });
      },
      Bounds{testing::kAnyPreemptions, kLateReads});
  EXPECT_TRUE(explored.complete);
}

// Takes during a midnight and a change of calendar.
void take_around_midnight(Program& program, const std::shared_ptr<Key>& key) {
  program.thread([=] { key->take(kMonthly, kDay, 1); });
  program.thread([=] {
    key->take(kWeekly, kDay + 1, 1);
    key->take(kWeekly, kDay + 2, 1);
  });
}

void expect_snapshot_of_one_moment(Key& key) {
  const auto before = key.used;
  const QuotaWords words = key.counter.snapshot();
  EXPECT_TRUE(words.are_possible());
  const Day day = words.today.day();
  EXPECT_LE(before.count(day) != 0 ? before.at(day) : 0, words.today.count());
  EXPECT_LE(words.today.count(), key.used[day]);
  if (words.period.day() != day) return;
  // Days before it have ended.
  const Day start = words.period.calendar().period_start(day);
  int64_t total = 0;
  for (const auto& [on, count] : key.used) {
    if (start <= on && on < day) total += count;
  }
  EXPECT_EQ(words.period.count(), total);
}

TEST(QuotaInterleaving, SnapshotIsAsOfOneMoment) {
  search([](Program& program) {
    auto key = std::make_shared<Key>(kMonthly);
    take_around_midnight(program, key);
    program.thread([=] {
      for (int i = 0; i < 6; ++i) expect_snapshot_of_one_moment(*key);
    });
    program.at_end([=] { key->expect_exact(); });
  });
}

// The same memory, read without yielding to the other threads.
const QuotaCounter& at_once(const BasicQuotaCounter<ScheduledAtomic>& counter) {
  static_assert(sizeof(counter) == sizeof(QuotaCounter));
  return reinterpret_cast<const QuotaCounter&>(counter);
}
const DailyLog& at_once(const BasicDailyLog<ScheduledAtomic>& log) {
  static_assert(sizeof(log) == sizeof(DailyLog));
  return reinterpret_cast<const DailyLog&>(log);
}

// If all threads stopped here forever, counting could continue from what is in
// memory: nothing that was admitted is lost, and nothing is counted twice.
void expect_exact_if_killed(const Key& key) {
  std::vector<DayWord> days;
  uint64_t address;
  EXPECT_EQ(at_once(key.log).inspect(
                [](uint64_t line) { return reinterpret_cast<void*>(line); },
                [&](DayWord day) { days.push_back(day); }, address),
            nullptr);
  TestLines lines;
  Counts counts;
  const QuotaWords words = at_once(key.counter).snapshot();
  EXPECT_TRUE(words.are_possible());
  ASSERT_TRUE(counts.resume({kDay - 1, words, days}, lines));
  std::map<Day, int64_t> used = key.used;
  Day day = words.today.day();
  for (int i = 0; i < 2; ++i, ++day) {
    for (const QuotaTerms& terms : {kDaily, kWeekly, kMonthly}) {
      const QuotaState state =
          counts.quota
              .take({terms.calendar, 1000, 0}, day, 10, counts.log, lines)
              .state;
      day = state.day;
      used[day] += 10;
      int64_t total = 0;
      for (const auto& [on, count] : used) {
        if (on >= terms.calendar.period_start(day)) total += count;
        if (on < day) {
          EXPECT_EQ(counts.log.read(on).value_or(0), count);
        }
      }
      EXPECT_EQ(state.used_in_period, total);
    }
  }
  counts.log.release(lines);
}

TEST(QuotaInterleaving, GoesOnFromWhateverAKilledProcessLeaves) {
  search([](Program& program) {
    auto key = std::make_shared<Key>(kMonthly);
    auto moment = std::make_shared<ScheduledAtomic<int>>(0);
    take_around_midnight(program, key);
    program.thread([=] {
      for (int i = 0; i < 6; ++i) {
        moment->load();
        expect_exact_if_killed(*key);
      }
    });
    program.at_end([=] { expect_exact_if_killed(*key); });
  });
}

TEST(QuotaInterleaving, LosesADayOnceWhenThereIsNoLine) {
  search([](Program& program) {
    auto key = std::make_shared<Key>(kDaily, /*lines=*/0);
    EXPECT_EQ(key->lines.lost(), 1);
    for (int i = 0; i < 2; ++i) {
      program.thread([=] { key->take(kDaily, kDay + 1, 1); });
    }
    program.at_end([=] {
      EXPECT_EQ(key->lines.lost(), 2);
      EXPECT_EQ(key->counter.read(kDaily, 0, key->log).used_today, 2);
    });
  });
}

}  // namespace
}  // namespace weir
