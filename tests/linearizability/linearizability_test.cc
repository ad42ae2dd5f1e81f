// Histories whose answer is known.

#include "weir/tests/linearizability/linearizability.h"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace weir::testing {
namespace {

struct Register {
  using State = int;
  struct Event {
    bool write;
    int value;
  };
  bool step(const Event& event, State& state) const {
    if (!event.write) return state == event.value;
    state = event.value;
    return true;
  }
  std::string describe(const Event& event) const {
    return event.write ? absl::StrCat("write(", event.value, ")")
                       : absl::StrCat("read() -> ", event.value);
  }
};

struct Counter {
  using State = int;
  // A fetch_add(1), with what it returned.
  struct Event {
    int before;
  };
  bool step(const Event& event, State& state) const {
    return state++ == event.before;
  }
  std::string describe(const Event& event) const {
    return absl::StrCat("fetch_add(1) -> ", event.before);
  }
};

struct Queue {
  using State = std::vector<int>;
  static constexpr int kEmpty = -1;
  struct Event {
    bool push;
    int value;  // what a pop returned, kEmpty for nothing
  };
  bool step(const Event& event, State& state) const {
    if (event.push) {
      state.push_back(event.value);
      return true;
    }
    if (state.empty()) return event.value == kEmpty;
    if (state.front() != event.value) return false;
    state.erase(state.begin());
    return true;
  }
  std::string describe(const Event& event) const {
    return event.push ? absl::StrCat("push(", event.value, ")")
                      : absl::StrCat("pop() -> ", event.value);
  }
};

Register::Event write(int value) { return {true, value}; }
Register::Event read(int value) { return {false, value}; }
Queue::Event push(int value) { return {true, value}; }
Queue::Event pop(int value) { return {false, value}; }

TEST(Linearizability, TakesASequenceAsItIs) {
  EXPECT_TRUE(is_linearizable(Register{}, 0, {}));
  EXPECT_TRUE(is_linearizable(Register{}, 0,
                              {{0, 1, 2, write(1)}, {1, 3, 4, read(1)}}));
  EXPECT_FALSE(is_linearizable(Register{}, 0,
                               {{0, 1, 2, write(1)}, {1, 3, 4, read(0)}}));
}

TEST(Linearizability, LetsAReadSeeAnOverlappingWriteOrNot) {
  for (const int value : {0, 1}) {
    EXPECT_TRUE(is_linearizable(Register{}, 0,
                                {{0, 1, 4, write(1)}, {1, 2, 3, read(value)}}));
  }
  EXPECT_FALSE(is_linearizable(Register{}, 0,
                               {{0, 1, 4, write(1)}, {1, 2, 3, read(2)}}));
}

// Both reads overlap the write, but one ends before the other begins.
TEST(Linearizability, ForbidsAnOldValueAfterANewOne) {
  EXPECT_TRUE(is_linearizable(
      Register{}, 0,
      {{0, 1, 6, write(1)}, {1, 2, 3, read(0)}, {2, 4, 5, read(1)}}));
  EXPECT_FALSE(is_linearizable(
      Register{}, 0,
      {{0, 1, 6, write(1)}, {1, 2, 3, read(1)}, {2, 4, 5, read(0)}}));
}

TEST(Linearizability, ForbidsALostIncrement) {
  EXPECT_TRUE(is_linearizable(Counter{}, 0, {{0, 1, 4, {1}}, {1, 2, 3, {0}}}));
  EXPECT_FALSE(is_linearizable(Counter{}, 0, {{0, 1, 4, {0}}, {1, 2, 3, {0}}}));
  EXPECT_FALSE(is_linearizable(Counter{}, 0, {{0, 1, 2, {1}}, {1, 3, 4, {0}}}));
}

TEST(Linearizability, KnowsAQueue) {
  // The pushes overlap, so either may be first; the pops say which.
  EXPECT_TRUE(is_linearizable(Queue{}, {},
                              {{0, 1, 4, push(1)},
                               {1, 2, 3, push(2)},
                               {0, 5, 6, pop(2)},
                               {1, 7, 8, pop(1)}}));
  EXPECT_FALSE(is_linearizable(Queue{}, {},
                               {{0, 1, 2, push(1)},
                                {1, 3, 4, push(2)},
                                {0, 5, 6, pop(2)},
                                {1, 7, 8, pop(1)}}));
  // Something was there all the time.
  EXPECT_FALSE(is_linearizable(Queue{}, {},
                               {{0, 1, 2, push(1)},
                                {1, 3, 6, pop(1)},
                                {0, 4, 5, push(2)},
                                {2, 7, 8, pop(Queue::kEmpty)}}));
  // Nobody pushed that.
  EXPECT_FALSE(
      is_linearizable(Queue{}, {}, {{0, 1, 3, push(1)}, {1, 2, 4, pop(2)}}));
}

// Not atomic: reads the two halves of a pair at two moments of its own.
TEST(Linearizability, KeepsTheMomentsOfOneCallInOrder) {
  const auto history = [](int first, int second) {
    return Linearizer<Register>::History{{0, 1, 6, read(first)},
                                         {0, 1, 6, read(second), /*after=*/0},
                                         {1, 2, 3, write(1)},
                                         {1, 4, 5, write(2)}};
  };
  for (const auto& [first, second] :
       std::vector<std::pair<int, int>>{{0, 0}, {0, 1}, {1, 2}, {0, 2}}) {
    EXPECT_TRUE(is_linearizable(Register{}, 0, history(first, second)));
  }
  EXPECT_FALSE(is_linearizable(Register{}, 0, history(1, 0)));
  EXPECT_FALSE(is_linearizable(Register{}, 0, history(2, 1)));
}

TEST(Linearizability, ShowsWhatItCannotOrder) {
  const Linearizer<Register>::History history = {{0, 3, 4, read(7)},
                                                 {1, 1, 2, write(5)}};
  const Register model;
  Linearizer<Register> linearizer(model, history);
  EXPECT_FALSE(linearizer.succeeds_from(0));
  EXPECT_EQ(linearizer.report(),
            "no order of these 2 operations is right; one of 1 is, and none is "
            "longer:\n"
            " place  thread  invoked  returned\n"
            "     1       1        1         2  write(5)\n"
            "     -       0        3         4  read() -> 7\n");
}

// 40 calls of 4 threads that overlap as real ones do: linearized on purpose,
// then one result changed. Without memory this would take forever.
TEST(Linearizability, SearchesFortyOverlappingCallsQuickly) {
  std::mt19937 random(1);
  constexpr int kThreads = 4;
  constexpr int kCalls = 40;
  for (int round = 0; round < 10; ++round) {
    Linearizer<Queue>::History history;
    int64_t invoked[kThreads] = {};
    std::vector<int> queue;
    for (int i = 0; i < kCalls; ++i) {
      const int thread = i % kThreads;
      const int64_t at = 10 * (i + 1);  // its linearization point
      Operation<Queue::Event> operation;
      operation.thread = thread;
      operation.invoked =
          std::max<int64_t>(invoked[thread], at - 25 + random() % 20);
      operation.returned = at + 1 + random() % 14;
      invoked[thread] = operation.returned + 1;
      if (random() % 2 == 0) {
        operation.event = push(i);
        queue.push_back(i);
      } else if (queue.empty()) {
        operation.event = pop(Queue::kEmpty);
      } else {
        operation.event = pop(queue.front());
        queue.erase(queue.begin());
      }
      history.push_back(operation);
    }
    EXPECT_TRUE(is_linearizable(Queue{}, {}, history));
    history.push_back({0, 1000, 1001, pop(kCalls)});
    EXPECT_FALSE(is_linearizable(Queue{}, {}, history));
  }
}

}  // namespace
}  // namespace weir::testing
