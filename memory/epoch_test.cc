#include "weir/memory/epoch.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "weir/tests/in_child.h"

namespace weir::internal {
namespace {

EpochDomain& domain() { return EpochDomain::instance(); }

bool reclaimable_after(uint64_t stamp, int attempts) {
  for (int i = 0; i < attempts; ++i) {
    if (domain().reclaimable() >= stamp) return true;
  }
  return false;
}

// First of the tests: each child is a process that has had no reader yet.
TEST(Epoch, FirstReaderMayMeetAFork) {
  for (int i = 0; i < 500 && !HasFailure(); ++i) {
    EXPECT_EQ(in_child([] {
                std::atomic<bool> forked{false};
                std::thread reader([&] {
                  { EpochDomain::Guard guard; }
                  while (!forked) std::this_thread::yield();
                });
                // (No guard there, which allocates: see kChildMayAllocate.)
                EXPECT_EQ(in_child([] {
                            EXPECT_EQ(domain().statistics().threads, 0u);
                            const uint64_t stamp = domain().stamp();
                            EXPECT_TRUE(reclaimable_after(stamp, 3));
                          }),
                          0);
                forked = true;
                reader.join();
              }),
              0);
  }
}

TEST(Epoch, WithoutReadersEverythingIsReclaimableAfterTwoAdvances) {
  const uint64_t stamp = domain().stamp();
  EXPECT_LT(domain().reclaimable(), stamp);
  EXPECT_GE(domain().reclaimable(), stamp);
}

TEST(Epoch, ReaderKeepsWhatItCouldReach) {
  std::atomic<int> step{0};
  std::thread reader([&] {
    EpochDomain::Guard guard;
    step = 1;
    while (step != 2) std::this_thread::yield();
  });
  while (step != 1) std::this_thread::yield();
  const uint64_t stamp = domain().stamp();
  EXPECT_FALSE(reclaimable_after(stamp, 100));
  step = 2;
  reader.join();
  EXPECT_TRUE(reclaimable_after(stamp, 3));
}

TEST(Epoch, GuardsNest) {
  const uint64_t stamp = [] {
    EpochDomain::Guard outer;
    { EpochDomain::Guard inner; }
    const uint64_t stamp = domain().stamp();
    EXPECT_FALSE(reclaimable_after(stamp, 100));
    return stamp;
  }();
  EXPECT_TRUE(reclaimable_after(stamp, 3));
}

TEST(Epoch, ReaderThatEntersLaterDoesNotHoldUpWhatWasUnlinkedBefore) {
  const uint64_t stamp = domain().stamp();
  ASSERT_TRUE(reclaimable_after(stamp, 3));
  EpochDomain::Guard guard;
  EXPECT_GE(domain().reclaimable(), stamp);
}

TEST(Epoch, RecordsOfThreadsThatExitedAreTakenOver) {
  for (int i = 0; i < 200; ++i) {
    std::thread([] { EpochDomain::Guard guard; }).join();
  }
  const uint64_t stamp = domain().stamp();
  EXPECT_TRUE(reclaimable_after(stamp, 3));
}

TEST(Epoch, ThreadsThatComeAndGoShareAFewPlaces) {
  const size_t places = domain().statistics().places;
  for (int i = 0; i < 5'000; ++i) {
    std::thread other([] { EpochDomain::Guard guard; });
    { EpochDomain::Guard guard; }
    std::thread([] { EpochDomain::Guard guard; }).join();
    other.join();
  }
  EXPECT_LE(domain().statistics().places, places + 3);
}

TEST(Epoch, StatisticsShowAReaderThatStalls) {
  { EpochDomain::Guard guard; }
  const auto before = domain().statistics();
  EXPECT_EQ(before.readers, 0u);
  EXPECT_EQ(before.holding, 0u);
  EXPECT_EQ(before.held_ns, 0);

  std::atomic<int> step{0};
  std::thread stalled([&] {
    EpochDomain::Guard guard;
    step = 1;
    while (step != 2) std::this_thread::yield();
  });
  while (step != 1) std::this_thread::yield();
  EXPECT_EQ(domain().statistics().threads, before.threads + 1);
  EXPECT_EQ(domain().statistics().readers, 1u);
  EXPECT_EQ(domain().statistics().holding, 0u);  // it is in the present epoch

  const uint64_t stamp = domain().stamp();
  EXPECT_FALSE(reclaimable_after(stamp, 3));
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  const auto held = domain().statistics();
  EXPECT_EQ(held.readers, 1u);
  EXPECT_EQ(held.holding, 1u);
  EXPECT_GE(held.held_ns, 5'000'000);
  // Later attempts do not begin the count anew, nor do other readers.
  EXPECT_FALSE(reclaimable_after(stamp, 3));
  std::thread([] { EpochDomain::Guard guard; }).join();
  EXPECT_GE(domain().statistics().held_ns, held.held_ns);
  EXPECT_EQ(domain().statistics().holding, 1u);

  step = 2;
  stalled.join();
  const auto after = domain().statistics();
  EXPECT_EQ(after.threads, before.threads);
  EXPECT_EQ(after.readers, 0u);
  EXPECT_EQ(after.holding, 0u);
  EXPECT_EQ(after.held_ns, 0);
  EXPECT_TRUE(reclaimable_after(stamp, 3));
}

TEST(Epoch, ThreadsThatDoNotFollowAForkHoldNothingBackInTheChild) {
  std::atomic<int> step{0};
  std::thread stalled([&] {
    EpochDomain::Guard guard;
    step = 1;
    while (step != 2) std::this_thread::yield();
  });
  while (step != 1) std::this_thread::yield();
  const uint64_t stamp = domain().stamp();
  EXPECT_FALSE(reclaimable_after(stamp, 3));
  const auto reclaims = [&] { return reclaimable_after(stamp, 3); };
  // From a thread that has been a reader, and from one that has not.
  { EpochDomain::Guard guard; }
  EXPECT_EQ(in_child([&] {
              const auto counts = domain().statistics();
              EXPECT_EQ(counts.threads, 1u);
              EXPECT_EQ(counts.readers, 0u);
              EXPECT_TRUE(reclaims());
            }),
            0);
  std::thread([&] {
    EXPECT_EQ(in_child([&] {
                EXPECT_EQ(domain().statistics().threads, 0u);
                EXPECT_TRUE(reclaims());
              }),
              0);
  }).join();
  EXPECT_FALSE(reclaims());
  step = 2;
  stalled.join();
}

TEST(Epoch, GuardOfTheThreadThatForksIsValidInTheChild) {
  EpochDomain::Guard guard;
  const uint64_t stamp = domain().stamp();
  EXPECT_EQ(in_child([&] {
              EXPECT_EQ(domain().statistics().readers, 1u);
              EXPECT_FALSE(reclaimable_after(stamp, 10));
            }),
            0);
}

// Readers follow a pointer that a writer keeps replacing; what it replaced is
// poisoned as soon as it may be reused. A reader must never see poison.
TEST(Epoch, ReadersNeverSeeReclaimedObjects) {
  struct Object {
    std::atomic<uint64_t> value{0};
  };
  constexpr uint64_t kPoison = ~uint64_t{0};
  std::vector<std::unique_ptr<Object>> all;
  std::vector<std::pair<uint64_t, Object*>> retired;
  std::vector<Object*> vacant;
  all.push_back(std::make_unique<Object>());
  std::atomic<Object*> present{all.back().get()};
  std::atomic<bool> stop{false};
  std::atomic<int64_t> reads{0};

  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      uint64_t last = 0;
      while (!stop) {
        EpochDomain::Guard guard;
        const Object* object = present.load(std::memory_order_acquire);
        const uint64_t value = object->value.load(std::memory_order_relaxed);
        ASSERT_NE(value, kPoison);
        ASSERT_GE(value, last);
        last = value;
        ASSERT_NE(object->value.load(std::memory_order_relaxed), kPoison);
        ++reads;
      }
    });
  }
  uint64_t version = 0;
  while (version < 20'000 || reads < 10'000) {
    Object* next;
    if (vacant.empty()) {
      all.push_back(std::make_unique<Object>());
      next = all.back().get();
    } else {
      next = vacant.back();
      vacant.pop_back();
    }
    next->value.store(++version, std::memory_order_relaxed);
    Object* old = present.exchange(next);
    retired.emplace_back(domain().stamp(), old);
    const uint64_t reclaimable = domain().reclaimable();
    size_t freed = 0;
    while (freed < retired.size() && retired[freed].first <= reclaimable) {
      retired[freed].second->value.store(kPoison, std::memory_order_relaxed);
      vacant.push_back(retired[freed].second);
      ++freed;
    }
    retired.erase(retired.begin(), retired.begin() + freed);
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  // Some objects served more than once; how many depends on how often a reader
  // was descheduled inside its guard.
  EXPECT_LT(all.size(), version);
  EXPECT_TRUE(retired.empty() || reclaimable_after(retired.back().first, 3));
}

}  // namespace
}  // namespace weir::internal
