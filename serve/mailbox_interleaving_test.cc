// The mailbox under every order of its accesses.

#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "weir/serve/mailbox.h"
#include "weir/tests/interleaving/interleaving.h"

namespace weir {
namespace {

using testing::explore;
using testing::Explored;
using testing::Program;
using testing::ScheduledAtomic;
using Box = BasicMailbox<int, ScheduledAtomic>;

struct Fixture {
  explicit Fixture(int64_t capacity) : box(capacity) {}

  void put(int item) {
    const Box::Put result = box.put(item);
    firsts += result == Box::Put::kFirst ? 1 : 0;
    dropped += result == Box::Put::kDropped ? 1 : 0;
  }
  void take() {
    const size_t before = taken.size();
    box.take([this](int item) { taken.push_back(item); });
    filled += taken.size() > before ? 1 : 0;
  }

  Box box;
  std::vector<int> taken;
  int firsts = 0;   // calls that met an empty mailbox
  int filled = 0;   // takes that met items
  int dropped = 0;  // as the callers were told
};

TEST(MailboxInterleaving, EveryItemIsTakenOnceAndThreadsKeepTheirOrder) {
  const Explored explored = explore(
      [](Program& program) {
        auto state = std::make_shared<Fixture>(10);
        program.thread([state] {
          state->put(10);
          state->put(11);
        });
        program.thread([state] { state->put(20); });
        program.thread([state] {
          state->take();
          state->take();
        });
        program.at_end([state] {
          state->take();
          std::vector<int> ones, all = state->taken;
          for (const int item : all) {
            if (item < 20) ones.push_back(item);
          }
          EXPECT_EQ(all.size(), 3u);
          EXPECT_EQ(ones, (std::vector<int>{10, 11}));
          // Each time that there was something, somebody was told to wake up.
          EXPECT_EQ(state->firsts, state->filled);
          EXPECT_EQ(state->dropped, 0);
        });
      },
      1'000'000, /*max_preemptions=*/4);
  EXPECT_TRUE(explored.complete);
}

TEST(MailboxInterleaving, NeverHoldsMoreThanItsCapacity) {
  const Explored explored = explore([](Program& program) {
    auto state = std::make_shared<Fixture>(1);
    for (int thread = 0; thread < 3; ++thread) {
      program.thread([state, thread] { state->put(thread); });
    }
    program.at_end([state] {
      state->take();
      // One who is about to be refused may stand in another's way: then neither
      // gets in, but what is not in is always counted.
      EXPECT_LE(state->taken.size(), 1u);
      EXPECT_EQ(state->taken.size() + state->dropped, 3u);
      EXPECT_EQ(state->box.dropped(), state->dropped);
      state->put(9);
      state->take();
      EXPECT_EQ(state->taken.back(), 9) << "the room was given back";
    });
  });
  EXPECT_TRUE(explored.complete);
}

}  // namespace
}  // namespace weir
