#include "weir/base/at_fork.h"

#include <atomic>
#include <chrono>
#include <thread>

#include "gtest/gtest.h"
#include "weir/tests/in_child.h"

namespace weir::internal {
namespace {

int first_runs = 0;
int second_runs = 0;
bool gate_was_open = false;

const AtFork first([] {
  ++first_runs;
  if (!ForkGate::try_enter()) return;
  gate_was_open = true;
  ForkGate::leave();
});
const AtFork second([] { ++second_runs; });

TEST(AtFork, HandlersRunOnceInEachChildBehindTheClosedGate) {
  EXPECT_EQ(in_child([] {
              EXPECT_EQ(first_runs, 1);
              EXPECT_EQ(second_runs, 1);
              EXPECT_FALSE(gate_was_open);
              EXPECT_TRUE(ForkGate::try_enter()) << "it is open again";
              ForkGate::leave();
              EXPECT_EQ(in_child([] {
                          EXPECT_EQ(first_runs, 2);
                          EXPECT_EQ(second_runs, 2);
                          EXPECT_FALSE(gate_was_open);
                        }),
                        0);
              EXPECT_EQ(first_runs, 1);
            }),
            0);
  EXPECT_EQ(first_runs, 0) << "not in the parent";
  EXPECT_TRUE(ForkGate::try_enter()) << "it is open again";
  ForkGate::leave();
}

void expect_fork_waits() {
  std::atomic<bool> entered{false};
  std::atomic<bool> left{false};
  std::atomic<bool> forked{false};
  std::thread inside([&] {
    ForkGate::enter();
    EXPECT_TRUE(ForkGate::try_enter());
    ForkGate::enter();
    entered = true;
    ForkGate::leave();
    ForkGate::leave();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    left = true;
    ForkGate::leave();
    while (!forked) std::this_thread::yield();
  });
  while (!entered) std::this_thread::yield();
  EXPECT_EQ(in_child([&] {
              EXPECT_TRUE(left);
              ForkGate::enter();
            }),
            0);
  forked = true;
  inside.join();
}

TEST(ForkGate, ForkWaitsUntilTheLastStayOfAThreadEnds) { expect_fork_waits(); }

TEST(ForkGate, ThreadThatIsInsideMayForkAndTheChildIsInsideAlone) {
  std::atomic<int> step{0};
  std::thread other([&] {
    ForkGate::enter();
    step = 1;
    while (step != 2) std::this_thread::yield();
    ForkGate::leave();
  });
  while (step != 1) std::this_thread::yield();
  ForkGate::enter();
  EXPECT_EQ(in_child([] {
              ForkGate::leave();
              EXPECT_EQ(in_child([] {}), 0) << "no thread is inside";
              if (kChildMayStartThreads) expect_fork_waits();
            }),
            0);
  step = 2;
  other.join();
  ForkGate::leave();
}

}  // namespace
}  // namespace weir::internal
