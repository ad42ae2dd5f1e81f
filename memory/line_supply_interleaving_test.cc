// The supply of lines under every order of its accesses, and with reads of old
// values where the memory orders allow them.

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <set>
#include <vector>

#include "gtest/gtest.h"
#include "weir/memory/line_supply.h"
#include "weir/tests/interleaving/interleaving.h"

namespace weir::internal {
namespace {

using testing::Bounds;
using testing::Explored;
using testing::Program;
using testing::ScheduledAtomic;
using Supply = BasicLineSupply<ScheduledAtomic>;

Explored explore(const std::function<void(Program&)>& build) {
  return testing::explore(build, Bounds{/*preemptions=*/3, /*late_reads=*/1});
}

struct Fixture {
  Supply::Batch* batch(size_t first, size_t count) {
    memory.push_back(std::make_unique<Memory>());
    auto* batch = new (memory.back()->data()) Supply::Batch{{0}, count};
    for (size_t i = 0; i < count; ++i) batch->lines()[i] = &lines[first + i];
    return batch;
  }
  void take() {
    if (void* line = supply.take()) taken.push_back(line);
  }

  using Memory = std::array<void*, 16>;
  std::vector<std::unique_ptr<Memory>> memory;
  std::array<char, 8> lines;
  Supply supply;
  std::vector<void*> taken;
};

TEST(LineSupplyInterleaving, EachLineIsOneThreads) {
  const Explored explored = explore([](Program& program) {
    auto state = std::make_shared<Fixture>();
    state->supply.lay_out(state->batch(0, 2));
    for (int t = 0; t < 3; ++t) {
      program.thread([state] { state->take(); });
    }
    program.at_end([state] {
      const std::set<void*> distinct(state->taken.begin(), state->taken.end());
      EXPECT_EQ(distinct.size(), 2u);
      EXPECT_EQ(state->taken.size(), 2u);
      EXPECT_EQ(state->supply.left(), 0u);
    });
  });
  EXPECT_TRUE(explored.complete);
}

TEST(LineSupplyInterleaving, NextBatchIsLaidOutBesideThoseWhoTake) {
  const Explored explored = explore([](Program& program) {
    auto state = std::make_shared<Fixture>();
    state->supply.lay_out(state->batch(0, 1));
    program.thread([state] {
      if (state->supply.left() == 0) state->supply.lay_out(state->batch(1, 2));
    });
    for (int t = 0; t < 2; ++t) {
      program.thread([state] {
        state->take();
        state->take();
      });
    }
    program.at_end([state] {
      while (void* line = state->supply.take()) state->taken.push_back(line);
      const std::set<void*> distinct(state->taken.begin(), state->taken.end());
      EXPECT_EQ(distinct.size(), state->taken.size());
      EXPECT_EQ(state->taken.size(), state->memory.size() == 1 ? 1u : 3u);
    });
  });
  EXPECT_TRUE(explored.complete);
}

}  // namespace
}  // namespace weir::internal
