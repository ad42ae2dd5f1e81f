#include "enforcer/lease.h"

#include <sys/mman.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <thread>
#include <vector>

#include "enforcer/arena.h"
#include "enforcer/client.h"
#include "enforcer/clients.h"
#include "enforcer/clock.h"
#include "enforcer/decision.h"
#include "enforcer/epoch.h"
#include "enforcer/leases.h"
#include "enforcer/thread_number.h"
#include "gtest/gtest.h"

namespace weir {

constexpr size_t kGuardBytes = size_t{1} << 16;
size_t guarded_bytes = 0;
void* guarded = nullptr;  // stays

namespace {

constexpr uint32_t kRoute = 7;
constexpr int64_t kUntil = 10'000;

class LeaseTest : public ::testing::Test {
 protected:
  using Wants = BasicLease<>::Wants;

  static Instant at(int64_t t) { return {t, t}; }
  // How a slot is closed in these tests: notes what it had to settle.
  bool close(int slot) {
    return lease_.close(slot,
                        [this](int64_t spent, int64_t unspent, int64_t last) {
                          spent_ = spent;
                          unspent_ = unspent;
                          last_ = last;
                        });
  }
  void open(int slot, int64_t tokens, int64_t now) {
    ASSERT_TRUE(lease_.announce(slot));
    ASSERT_TRUE(lease_.make_ready(slot));
    Decision decision;
    decision.outcome = Outcome::kAdmitted;
    decision.units_remaining = 100;
    decision.units_per_token = 10;
    decision.quota_limit = 50;
    decision.quota_remaining = 20;
    ASSERT_TRUE(lease_.fill(slot, tokens, at(now), decision));
  }
  bool spend(int slot, int64_t now) {
    Decision decision;
    return lease_.spend(slot, kRoute, at(now), decision);
  }

  BasicLease<>::Slot slots_[2];
  BasicLease<> lease_{slots_, 2, 4, kRoute, kUntil};
  int64_t spent_ = -1;
  int64_t unspent_ = -1;
  int64_t last_ = -1;
};

TEST_F(LeaseTest, BeginsWithoutAnything) {
  EXPECT_EQ(lease_.reserve(), 0);
  EXPECT_EQ(lease_.wants(0, kRoute, at(1)), Wants::kNothing);
  EXPECT_FALSE(spend(0, 1));
  EXPECT_FALSE(close(0));
  EXPECT_FALSE(lease_.make_ready(0));
}

TEST_F(LeaseTest, ReservesFromTheAnnouncementToTheClosing) {
  ASSERT_TRUE(lease_.announce(0));
  EXPECT_FALSE(lease_.announce(0));
  EXPECT_EQ(lease_.reserve(), 4);
  EXPECT_EQ(lease_.wants(0, kRoute, at(1)), Wants::kNothing);
  ASSERT_TRUE(lease_.announce(1));
  EXPECT_EQ(lease_.reserve(), 8);
  ASSERT_TRUE(lease_.make_ready(1));
  EXPECT_EQ(lease_.wants(1, kRoute, at(1)), Wants::kFirst);
  EXPECT_FALSE(spend(1, 1));
  EXPECT_TRUE(close(0));
  EXPECT_TRUE(close(1));
  EXPECT_EQ(lease_.reserve(), 0);
  EXPECT_EQ(spent_, -1) << "there was nothing to settle";
}

TEST_F(LeaseTest, SpendsWhatItHasAndSaysWhatIsLeft) {
  open(0, 3, 100);
  for (int64_t left = 2; left >= 0; --left) {
    Decision decision;
    ASSERT_TRUE(lease_.spend(0, kRoute, at(100 + left), decision) ||
                lease_.spend(0, kRoute, at(200 - left), decision));
    EXPECT_TRUE(decision.admitted());
    EXPECT_EQ(decision.units_remaining, 100 + 10 * left);
    EXPECT_EQ(decision.quota_remaining, 20 + left);
    EXPECT_GE(decision.made_at_unix_ns, 100);
  }
  EXPECT_FALSE(spend(0, 300));
  EXPECT_EQ(lease_.wants(0, kRoute, at(300)), Wants::kMore);
  EXPECT_EQ(lease_.fills(0), 1);
}

TEST_F(LeaseTest, RefusesOtherRequests) {
  open(0, 3, 100);
  Decision decision;
  EXPECT_FALSE(lease_.spend(0, kRoute + 1, at(100), decision)) << "route";
  EXPECT_FALSE(spend(1, 100)) << "another's slot";
  EXPECT_FALSE(spend(2, 100)) << "no slot";
  EXPECT_FALSE(spend(-1, 100)) << "no slot";
  EXPECT_FALSE(spend(0, 99)) << "before it was filled";
  EXPECT_FALSE(spend(0, kUntil)) << "after its end";
  EXPECT_TRUE(spend(0, 200));
  EXPECT_FALSE(spend(0, 199)) << "time went back";
  EXPECT_TRUE(spend(0, 200));
}

TEST_F(LeaseTest, SettlesWhenItIsClosed) {
  open(0, 3, 100);
  ASSERT_TRUE(spend(0, 250));
  ASSERT_TRUE(close(0));
  EXPECT_EQ(spent_, 2) << "of a capacity of 4";
  EXPECT_EQ(unspent_, 2);
  EXPECT_EQ(last_, 250);
  EXPECT_FALSE(spend(0, 300));
  EXPECT_FALSE(lease_.fill(0, 4, at(300), Decision()));
  EXPECT_FALSE(close(0));
  EXPECT_EQ(lease_.reserve(), 0);
}

// Notes are kept for the threads that may have a lease, and others have none.
TEST(Leases, NoThreadNotesBesideItsPlace) {
  // A page of notes, between pages that none may touch.
  constexpr int kThreads = 16;
  const auto arena = *Arena::create(size_t{1} << 20, Arena::Pages::kSmall);
  Clients clients(*arena);
  Client& client = *clients.create("a-key", /*enabled=*/true);
  guarded_bytes = 4096;
  Leases leases(*arena, clients.counts(), kThreads, 10, false);
  ASSERT_EQ(guarded_bytes, 0u) << "the notes are elsewhere";
  // More threads than have numbers, all at once.
  std::atomic<int> begun{0};
  std::atomic<int> with{0}, without{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < ThreadNumber::kMost + 6; ++i) {
    threads.emplace_back([&] {
      const int number = ThreadNumber::mine();
      ++(number < 0 ? without : with);
      ++begun;
      while (begun < ThreadNumber::kMost + 6) std::this_thread::yield();
      const EpochDomain::Guard guard;
      leases.note_collision(client, client.first, 1);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(without, 6);
  EXPECT_GE(with, kThreads + 1);
  leases.maintain({1, 1});
  EXPECT_EQ(leases.open_leases(), 0u);
}

}  // namespace
}  // namespace weir

// As an array that is aligned is allocated: the next one of `guarded_bytes`,
// whole pages, has none but its own in reach.
void* operator new[](size_t bytes, std::align_val_t alignment) {
  if (bytes == 0 || bytes != weir::guarded_bytes) {
    return operator new(bytes, alignment);
  }
  weir::guarded_bytes = 0;
  auto* memory = static_cast<char*>(
      mmap(nullptr, bytes + 2 * weir::kGuardBytes, PROT_NONE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  mprotect(memory + weir::kGuardBytes, bytes, PROT_READ | PROT_WRITE);
  return weir::guarded = memory + weir::kGuardBytes;
}
void operator delete[](void* memory, std::align_val_t alignment) noexcept {
  if (memory != weir::guarded) operator delete(memory, alignment);
}
