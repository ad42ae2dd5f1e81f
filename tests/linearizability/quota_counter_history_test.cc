// A counter's calls, recorded and put in order. It is linearizable, but for
// what its contract says of calls that overlap:
//
// - A take() with a later day may move the counter on before it counts, so that
//   an overlapping call finds itself on that day, or on one between.
// - set_remaining() looks and then writes, and a call that overlaps it sees
//   what is used at one moment, and the extension at another.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "gtest/gtest.h"
#include "weir/quota/calendar.h"
#include "weir/quota/daily_log.h"
#include "weir/quota/quota_counter.h"
#include "weir/quota/quota_terms.h"
#include "weir/quota/testing/test_lines.h"
#include "weir/tests/interleaving/interleaving.h"
#include "weir/tests/linearizability/linearizability.h"
#include "weir/tests/linearizability/recorder.h"
#include "weir/tests/linearizability/restless_atomic.h"
#include "weir/tests/linearizability/rounds.h"
#include "weir/tests/linearizability/team.h"

namespace weir {
namespace {

using testing::explore;
using testing::explore_random;
using testing::from_environment;
using testing::is_linearizable;
using testing::Operation;
using testing::play_rounds;
using testing::Program;
using testing::Recorder;
using testing::RestlessAtomic;
using testing::ScheduledAtomic;
using testing::Team;
using testing::TestLines;

constexpr Day kDay = 9307;  // 2025-06-25: the month ends in the same week.
constexpr QuotaTerms kTerms[] = {{QuotaCalendar::monthly(), 12, 0},
                                 {QuotaCalendar::weekly(), 10, 0},
                                 {QuotaCalendar::daily(), 8, 0},
                                 {}};
constexpr const char* kTermsNames[] = {"monthly 12", "weekly 10", "daily 8",
                                       "no quota"};

struct QuotaModel {
  struct State {
    Day day;
    std::vector<std::pair<Day, int64_t>> used;  // by day; none is zero
    int extension_calendar = 0;
    Day extension_start = 0;
    int64_t extension = 0;

    friend bool operator==(const State& a, const State& b) {
      return a.fields() == b.fields();
    }
    template <class H>
    friend H AbslHashValue(H h, const State& s) {
      return H::combine(std::move(h), s.fields());
    }
    std::tuple<Day, const std::vector<std::pair<Day, int64_t>>&, int, Day,
               int64_t>
    fields() const {
      return {day, used, extension_calendar, extension_start, extension};
    }
  };

  struct Event {
    enum Kind { kTake, kRead, kGiveBack, kSetRemaining };
    // What may happen at moments of its own.
    enum Part : unsigned { kCount = 1, kCap = 2, kStore = 4 };
    Kind kind;
    int terms;
    Day day;       // that the caller brought
    int64_t cost;  // or what shall remain
    bool done;     // taken, given back
    QuotaState result;
    unsigned parts;
    Day latest;  // that an overlapping take() brought
  };

  // kCount | kCap for all calls, and another operation for kStore; where a
  // set_remaining() overlaps a call, one for each.
  static std::vector<Operation<Event>> moments_of(
      const std::vector<Operation<Event>>& calls) {
    std::vector<Operation<Event>> moments;
    for (const Operation<Event>& call : calls) {
      Operation<Event> moment = call;
      bool extended = false;
      for (const Operation<Event>& other : calls) {
        if (&other == &call || !other.overlaps(call)) continue;
        if (other.event.kind == Event::kTake) {
          moment.event.latest = std::max(moment.event.latest, other.event.day);
        }
        extended |= other.event.kind == Event::kSetRemaining &&
                    call.event.kind != Event::kGiveBack;
      }
      const bool sets = call.event.kind == Event::kSetRemaining;
      moment.event.parts =
          Event::kCount | (extended || sets ? 0u : Event::kCap);
      moments.push_back(moment);
      if (!extended && !sets) continue;
      moment.event.parts = sets ? Event::kStore : Event::kCap;
      if (sets) moment.after = static_cast<int>(moments.size()) - 1;
      moments.push_back(moment);
    }
    return moments;
  }

  bool step(const Event& event, State& state) const {
    if (event.kind == Event::kGiveBack) return give_back(event, state);
    const QuotaTerms& terms = kTerms[event.terms];
    const Day day = event.result.day;
    if ((event.parts & Event::kStore) != 0) {
      state.extension_calendar = terms.calendar.id();
      state.extension_start = terms.calendar.period_start(day);
      state.extension = event.result.cap - terms.limit;
    }
    if ((event.parts & Event::kCap) != 0 &&
        event.result.cap != cap(terms, day, state)) {
      return false;
    }
    return (event.parts & Event::kCount) == 0 || count(event, state);
  }

  bool count(const Event& event, State& state) const {
    const QuotaTerms& terms = kTerms[event.terms];
    const QuotaState& result = event.result;
    const Day own = std::max(state.day, event.day);
    if (result.day < own || result.day > std::max(own, event.latest)) {
      return false;
    }
    if (result.day > own || event.kind == Event::kTake) state.day = result.day;
    const int64_t today = used_from(result.day, state);
    const int64_t period =
        used_from(terms.calendar.period_start(result.day), state);
    const int64_t counted =
        event.kind == Event::kTake && event.done ? event.cost : 0;
    if (result.used_today != today + counted) return false;
    if (result.used_in_period != period + counted) return false;
    if (event.kind == Event::kSetRemaining) {
      return result.cap == period + event.cost;
    }
    if (event.kind == Event::kRead) return true;
    const bool room = terms.calendar.is_none() ||
                      event.cost <= std::max<int64_t>(0, result.cap - period);
    if (counted > 0) add(result.day, counted, state);
    return room == event.done;
  }

  static bool give_back(const Event& event, State& state) {
    if (!event.done) return std::max(state.day, event.latest) > event.day;
    if (state.day != event.day) return false;
    add(event.day, -std::min(event.cost, used_from(event.day, state)), state);
    return true;
  }

  static int64_t used_from(Day first, const State& state) {
    int64_t total = 0;
    for (const auto& [day, count] : state.used) {
      if (day >= first) total += count;
    }
    return total;
  }

  static void add(Day day, int64_t count, State& state) {
    if (state.used.empty() || state.used.back().first < day) {
      state.used.emplace_back(day, 0);
    }
    state.used.back().second += count;
  }

  static int64_t cap(const QuotaTerms& terms, Day day, const State& state) {
    if (terms.calendar.is_none()) return QuotaState::kNoCap;
    const bool extended =
        state.extension_calendar == terms.calendar.id() &&
        state.extension_start == terms.calendar.period_start(day);
    return std::max<int64_t>(0, terms.limit + (extended ? state.extension : 0));
  }

  std::string describe(const Event& event) const {
    if (event.kind == Event::kGiveBack) {
      return absl::StrFormat("give back %d of day %d -> %s", event.cost,
                             event.day - kDay, event.done ? "yes" : "no");
    }
    static constexpr const char* kNames[] = {"take", "read", "",
                                             "set remaining"};
    std::string text =
        absl::StrFormat("%s(%s, day %d, %d) -> %s", kNames[event.kind],
                        kTermsNames[event.terms], event.day - kDay, event.cost,
                        event.done ? "yes" : "no");
    absl::StrAppendFormat(&text, ", day %d, used %d, in period %d of %d",
                          event.result.day - kDay, event.result.used_today,
                          event.result.used_in_period, event.result.cap);
    if (event.parts == Event::kCount) return text + " [what is used]";
    if (event.parts == Event::kCap) return text + " [the cap]";
    if (event.parts == Event::kStore) return text + " [writes]";
    return text;
  }
};

using Event = QuotaModel::Event;

// A counter that has used 2 on the day before kDay.
template <template <class> class Atomic>
struct World {
  explicit World(int threads) : calls(threads) {
    counter.start(kDay - 1, kTerms[0].calendar);
    counter.take(kTerms[0], kDay - 1, 2, log, lines);
  }
  ~World() { log.release(lines); }

  // The day it was counted on, if it was.
  std::optional<Day> take(int thread, int terms, Day day, int64_t cost) {
    std::optional<Day> counted_on;
    calls.record(thread, [&] {
      const QuotaDecision decision =
          counter.take(kTerms[terms], day, cost, log, lines);
      if (decision.admitted) counted_on = decision.state.day;
      return Event{Event::kTake,      terms,          day, cost,
                   decision.admitted, decision.state, 0,   0};
    });
    return counted_on;
  }
  void read(int thread, int terms, Day day) {
    calls.record(thread, [&] {
      return Event{Event::kRead,
                   terms,
                   day,
                   0,
                   true,
                   counter.read(kTerms[terms], day, log),
                   0,
                   0};
    });
  }
  void give_back(int thread, Day counted_on, int64_t cost) {
    calls.record(thread, [&] {
      return Event{Event::kGiveBack,
                   0,
                   counted_on,
                   cost,
                   counter.give_back(counted_on, cost),
                   {},
                   0,
                   0};
    });
  }
  void set_remaining(int thread, int terms, Day day, int64_t n) {
    calls.record(thread, [&] {
      return Event{Event::kSetRemaining,
                   terms,
                   day,
                   n,
                   true,
                   counter.set_remaining(kTerms[terms], day, n, log).value(),
                   0,
                   0};
    });
  }

  // After the last call: what each calendar sees goes into the history.
  void expect_linearizable() {
    for (int terms = 0; terms < 4; ++terms) read(0, terms, kDay);
    const QuotaModel::State initial{kDay - 1, {{kDay - 1, 2}}};
    EXPECT_TRUE(is_linearizable(QuotaModel{}, initial,
                                QuotaModel::moments_of(calls.history())));
  }

  TestLines lines;
  BasicDailyLog<Atomic> log;
  BasicQuotaCounter<Atomic> counter;
  Recorder<Event> calls;
};

// Random calls of three threads at days from kDay on, each of which gives back
// only what it took; with `extends`, the first also sets what remains.
void play(int days, bool extends) {
  constexpr int kThreads = 3;
  constexpr int kCalls = 6;
  play_rounds(kThreads, [&](Team& team) {
    World<RestlessAtomic> world(kThreads);
    // What most callers bring, while patches change it for some.
    const int usual = static_cast<int>(Team::random()() % 4);
    team.run([&](int thread) {
      Team::Random& random = Team::random();
      std::optional<Day> counted_on;
      int64_t counted = 0;
      for (int i = 0; i < kCalls; ++i) {
        const int terms =
            random() % 4 == 0 ? static_cast<int>(random() % 4) : usual;
        const Day day = kDay + static_cast<Day>(random() % days);
        const auto cost = static_cast<int64_t>(random() % 4);
        switch (random() % 6) {
          case 0:
            world.read(thread, terms, day);
            break;
          case 1:
            if (counted_on.has_value()) {
              world.give_back(thread, *counted_on, counted);
              counted_on.reset();
            }
            break;
          case 2:
            if (extends && thread == 0 && terms != 3) {
              world.set_remaining(thread, terms, day, cost);
              break;
            }
            [[fallthrough]];
          default:
            if (const auto on = world.take(thread, terms, day, cost)) {
              counted_on = on;
              counted = cost;
            }
        }
        Team::pause();
      }
    });
    world.expect_linearizable();
  });
}

TEST(QuotaCounterHistory, IsLinearizableOnOneDay) {
  play(/*days=*/1, /*extends=*/false);
}

TEST(QuotaCounterHistory, IsLinearizableAcrossMidnightsAndCalendars) {
  play(/*days=*/4, /*extends=*/false);
}

TEST(QuotaCounterHistory, IsLinearizableBesideAnOperatorOnOneDay) {
  play(/*days=*/1, /*extends=*/true);
}

TEST(QuotaCounterHistory, IsLinearizableBesideAnOperatorAcrossMidnights) {
  play(/*days=*/4, /*extends=*/true);
}

void begin(const ScheduledAtomic<int>& start) { (void)start.load(); }

// The moment at which a call begins is a choice of the schedule too.
TEST(QuotaCounterHistory, IsLinearizableUnderEveryScheduleOfTwoInterruptions) {
  const auto explored = explore(
      [](Program& program) {
        auto world = std::make_shared<World<ScheduledAtomic>>(2);
        auto start = std::make_shared<ScheduledAtomic<int>>();
        program.thread([=] {
          begin(*start);
          world->take(0, 0, kDay + 1, 3);
          begin(*start);
          world->set_remaining(0, 1, kDay, 2);
        });
        program.thread([=] {
          begin(*start);
          if (const auto on = world->take(1, 1, kDay, 2)) {
            begin(*start);
            world->give_back(1, *on, 2);
          }
          begin(*start);
          world->read(1, 2, kDay);
        });
        program.at_end([=] { world->expect_linearizable(); });
      },
      /*max_schedules=*/100'000, /*max_preemptions=*/2);
  EXPECT_TRUE(explored.complete);
  RecordProperty("schedules", std::to_string(explored.schedules));
}

// Longer programs, of which some orders are drawn.
TEST(QuotaCounterHistory, IsLinearizableUnderRandomSchedules) {
  const int64_t seed = from_environment("WEIR_TEST_SEED", 20'260'101);
  SCOPED_TRACE("WEIR_TEST_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto program_of_three = [&](Program& program) {
    auto world = std::make_shared<World<ScheduledAtomic>>(3);
    auto start = std::make_shared<ScheduledAtomic<int>>();
    for (int thread = 0; thread < 3; ++thread) {
      program.thread([=, own = random()] {
        std::mt19937_64 random(own);
        std::optional<Day> counted_on;
        for (int i = 0; i < 4; ++i) {
          begin(*start);
          const int terms = static_cast<int>(random() % 4);
          const Day day = kDay + static_cast<Day>(random() % 4);
          const auto cost = static_cast<int64_t>(random() % 4);
          const uint64_t kind = random() % 6;
          if (kind == 0) {
            world->read(thread, terms, day);
          } else if (kind == 1 && counted_on.has_value()) {
            world->give_back(thread, *counted_on, 1);
            counted_on.reset();
          } else if (kind == 2 && thread == 0 && terms != 3) {
            world->set_remaining(thread, terms, day, cost);
          } else if (const auto on = world->take(thread, terms, day, cost);
                     on.has_value() && cost > 0) {
            counted_on = on;
          }
        }
      });
    }
    program.at_end([=] { world->expect_linearizable(); });
  };
  explore_random(program_of_three, seed,
                 from_environment("WEIR_TEST_RUNS", 400));
}

}  // namespace
}  // namespace weir
