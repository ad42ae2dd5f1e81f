#include "weir/base/thread_number.h"

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace weir {
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
    const std::multiset<int> numbers = numbers_of(ThreadNumber::kMost + kMore);
    for (int i = 0; i < ThreadNumber::kMost; ++i) {
      EXPECT_EQ(numbers.count(i), 1u) << i;
    }
    EXPECT_EQ(numbers.count(ThreadNumber::kNone), static_cast<size_t>(kMore));
  }
}

}  // namespace
}  // namespace weir
