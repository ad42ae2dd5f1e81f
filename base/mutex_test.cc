#include "weir/base/mutex.h"

#include <unistd.h>

#include <atomic>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "weir/tests/in_child.h"

namespace weir::internal {
namespace {

// The first of the tests: each child is a process that has not used a Mutex
// yet.
TEST(Mutex, FirstUseMayMeetAFork) {
  for (int i = 0; i < 500 && !HasFailure(); ++i) {
    EXPECT_EQ(in_child([] {
                static Mutex mutex;
                std::atomic<bool> forked{false};
                std::thread user([&] {
                  { MutexLock lock(mutex); }
                  while (!forked) std::this_thread::yield();
                });
                EXPECT_EQ(in_child([] { MutexLock lock(mutex); }), 0);
                forked = true;
                user.join();
              }),
              0);
  }
}

TEST(Mutex, LetsThoseInWhoWait) {
  Mutex mutex;
  bool has_been_in = false;
  mutex.lock();
  EXPECT_FALSE(mutex.let_others_in());
  std::thread waiting([&] {
    // Not with try_lock(): it has to wait.
    while (mutex.try_lock()) mutex.unlock();
    MutexLock lock(mutex);
    has_been_in = true;
  });
  bool let_in = false;
  while (!has_been_in) let_in |= mutex.let_others_in();
  EXPECT_TRUE(let_in);
  mutex.unlock();
  waiting.join();
  if (!mutex.try_lock()) FAIL() << "it is free";
  EXPECT_EQ(
      std::async(std::launch::async, [&] { return mutex.try_lock(); }).get(),
      false);
  EXPECT_FALSE(mutex.let_others_in());
  mutex.unlock();
}

// Threads take the Mutexes in an order of their own, while other threads start
// and exit.
TEST(Mutex, IsFreeAndWhatItGuardsWholeInAForkedChild) {
  Mutex outer;
  Mutex inner;
  int first = 0;  // The two are equal except while both Mutexes are held.
  int second = 0;
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!stop) {
        const auto passing = std::make_unique<Mutex>();
        MutexLock passing_lock(*passing);
        MutexLock outer_lock(outer);
        MutexLock inner_lock(inner);
        ++first;
        std::this_thread::yield();
        ++second;
      }
    });
  }
  for (int i = 0; i < 100 && !HasFailure(); ++i) {
    EXPECT_EQ(in_child([&] {
                MutexLock outer_lock(outer);
                MutexLock inner_lock(inner);
                EXPECT_EQ(first, second);
              }),
              0);
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(first, 0);
}

// Another thread waits for a Mutex that the forking thread holds until later.
TEST(Mutex, ThreadThatHoldsOneMayFork) {
  Mutex mutex;
  std::thread waiter;
  {
    MutexLock lock(mutex);
    waiter = std::thread([&] { MutexLock lock(mutex); });
    usleep(10'000);
    EXPECT_EQ(in_child([] {}), 0);
  }
  waiter.join();
}

}  // namespace
}  // namespace weir::internal
