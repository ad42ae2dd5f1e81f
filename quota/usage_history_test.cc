#include "weir/quota/usage_history.h"

#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "weir/quota/calendar.h"
#include "weir/quota/quota_counter.h"
#include "weir/quota/quota_terms.h"

namespace weir {
namespace {

constexpr Day kFirst = 9283;  // 2025-06-01
constexpr int64_t kNoon = kNanosPerDay / 2;
constexpr QuotaCalendar kMonthly = QuotaCalendar::monthly();

int64_t remaining(Day day, const std::vector<TermsChange>& terms,
                  const std::vector<ExtensionChange>& extensions = {},
                  Day first_day = 0) {
  return remaining_at_end(day, {first_day, terms, extensions},
                          [](Day d) { return d < kFirst ? 1'000 : 10; });
}

TEST(RemainingAtEnd, FallsThroughThePeriod) {
  const std::vector<TermsChange> terms = {{0, {kMonthly, 1000, 0}}};
  EXPECT_EQ(remaining(kFirst, terms), 990);
  EXPECT_EQ(remaining(kFirst + 1, terms), 980);
  EXPECT_EQ(remaining(kFirst + 29, terms), 700);
  EXPECT_EQ(remaining(kFirst + 30, terms), 990);
}

TEST(RemainingAtEnd, UsesTheTermsInForceAtTheEndOfTheDay) {
  const std::vector<TermsChange> terms = {
      {start_of(kFirst) + kNoon, {kMonthly, 1000, 0}},
      {start_of(kFirst + 1) + kNoon, {kMonthly, 500, 0}},
      {start_of(kFirst + 2), {QuotaCalendar::daily(), 50, 0}},
      {start_of(kFirst + 3) + kNoon, {}},
  };
  EXPECT_EQ(remaining(kFirst - 1, terms), QuotaState::kUnlimited);
  EXPECT_EQ(remaining(kFirst, terms), 990);
  EXPECT_EQ(remaining(kFirst + 1, terms), 480);
  EXPECT_EQ(remaining(kFirst + 2, terms), 40);
  EXPECT_EQ(remaining(kFirst + 3, terms), QuotaState::kUnlimited);
}

TEST(RemainingAtEnd, AddsTheExtensionOfThePeriod) {
  const std::vector<TermsChange> terms = {{0, {kMonthly, 1000, 0}}};
  const std::vector<ExtensionChange> extensions = {
      {start_of(kFirst + 1) + kNoon, {kMonthly, kFirst, -970}},
      {start_of(kFirst + 2) + kNoon, {kMonthly, kFirst, 5}},
  };
  EXPECT_EQ(remaining(kFirst, terms, extensions), 990);
  EXPECT_EQ(remaining(kFirst + 1, terms, extensions), 10);
  EXPECT_EQ(remaining(kFirst + 2, terms, extensions), 975);
  EXPECT_EQ(remaining(kFirst + 30, terms, extensions), 990);
  EXPECT_EQ(
      remaining(kFirst + 2, {{0, {QuotaCalendar::daily(), 15, 0}}}, extensions),
      5);
}

TEST(RemainingAtEnd, SubtractsTheDiscountInTheInitialPeriod) {
  const std::vector<TermsChange> terms = {{0, {kMonthly, 1000, 300}}};
  EXPECT_EQ(remaining(kFirst + 4, terms, {}, kFirst + 3), 650);
  EXPECT_EQ(remaining(kFirst + 30, terms, {}, kFirst + 3), 990);
}

TEST(RemainingAtEnd, IsTheLimitBeforeTheKeyWasAttached) {
  const std::vector<TermsChange> terms = {{0, {kMonthly, 1000, 300}}};
  EXPECT_EQ(remaining(kFirst + 2, terms, {}, kFirst + 3), 1000);
  EXPECT_EQ(remaining(kFirst - 31, terms, {}, kFirst + 3), 1000);
}

TEST(RemainingAtEnd, IsNeverNegative) {
  EXPECT_EQ(remaining(kFirst + 9, {{0, {kMonthly, 50, 0}}}), 0);
}

TEST(DropSuperseded, LeavesWhatHeldBeforeTheDay) {
  const auto left = [](int64_t unix_ns) {
    std::vector<TermsChange> changes = {{0, {}},
                                        {start_of(kFirst), {}},
                                        {start_of(kFirst + 1) + kNoon, {}},
                                        {start_of(kFirst + 2), {}}};
    drop_superseded(changes, unix_ns);
    return changes.size();
  };
  EXPECT_EQ(left(start_of(kFirst + 3)), 4u);
  EXPECT_EQ(left(start_of(kFirst + 3) - 1), 3u);
  EXPECT_EQ(left(start_of(kFirst + 1)), 2u);
  EXPECT_EQ(left(start_of(kFirst)), 1u);
  EXPECT_EQ(left(0), 0u);
}

}  // namespace
}  // namespace weir
