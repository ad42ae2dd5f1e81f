#include "weir/base/thread_number.h"

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "weir/tests/in_child.h"

namespace weir::internal {
namespace {

// The numbers that this many threads have at the same time.
std::multiset<int> numbers_of(int threads) {
  std::vector<int> numbers(static_cast<size_t>(threads));
  std::atomic<int> asked{0};
  std::vector<std::thread> running;
  for (int& number : numbers) {
    running.emplace_back([&] {
      number = ThreadNumber::mine();
      EXPECT_EQ(ThreadNumber::mine(), number);
      for (++asked; asked < threads;) std::this_thread::yield();
    });
  }
  for (std::thread& thread : running) thread.join();
  return {numbers.begin(), numbers.end()};
}

TEST(ThreadNumber, IsOneThreadsAloneWhileItLastsAndThenAnothers) {
  constexpr int kMore = 6;
  for (int round = 0; round < 3; ++round) {
    const std::multiset<int> numbers = numbers_of(ThreadNumber::kMax + kMore);
    for (int i = 0; i < ThreadNumber::kMax; ++i) {
      EXPECT_EQ(numbers.count(i), 1u) << i;
    }
    EXPECT_EQ(numbers.count(ThreadNumber::kNone), static_cast<size_t>(kMore));
  }
}

TEST(ThreadNumber, ChildKeepsTheForkingThreadsNumberAndFreesTheOthers) {
  const int number = ThreadNumber::mine();
  const uint64_t forks = ThreadNumber::forks();
  std::atomic<int> others{0};
  std::atomic<bool> stop{false};
  std::vector<std::thread> running;
  for (int i = 0; i < 3; ++i) {
    running.emplace_back([&] {
      EXPECT_NE(ThreadNumber::mine(), number);
      for (++others; !stop;) std::this_thread::yield();
    });
  }
  while (others < 3) std::this_thread::yield();
  EXPECT_EQ(in_child([&] {
              EXPECT_EQ(ThreadNumber::mine(), number);
              EXPECT_EQ(ThreadNumber::forks(), forks + 1);
              if (!kChildMayStartThreads) return;
              std::set<int> free;
              for (const int other : numbers_of(ThreadNumber::kMax - 1)) {
                free.insert(other);
              }
              EXPECT_EQ(free.size(), size_t{ThreadNumber::kMax - 1});
              EXPECT_EQ(free.count(number), 0u);
              EXPECT_EQ(free.count(ThreadNumber::kNone), 0u);
            }),
            0);
  EXPECT_EQ(ThreadNumber::forks(), forks);
  stop = true;
  for (std::thread& thread : running) thread.join();
}

}  // namespace
}  // namespace weir::internal
