#include "weir/data_plane/lease.h"

#include <cstdint>

#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/enforcer/decision.h"

namespace weir::internal {
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
  EXPECT_EQ(lease_.wants(1, kRoute + 1, at(1)), Wants::kNothing)
      << "another route's requests take other tokens";
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
  EXPECT_EQ(lease_.wants(0, kRoute + 1, at(300)), Wants::kNothing);
  EXPECT_EQ(lease_.wants(0, kRoute, at(201)), Wants::kMore);
  EXPECT_EQ(lease_.wants(0, kRoute, at(150)), Wants::kNothing)
      << "what was spent later is not paid for earlier";
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

}  // namespace
}  // namespace weir::internal
