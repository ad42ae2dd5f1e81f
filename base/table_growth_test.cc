#include "weir/base/table_growth.h"

#include <algorithm>
#include <cstddef>

#include "gtest/gtest.h"

namespace weir::internal {
namespace {

// For tables of all sizes and fillings, even if all keys took slots at once.
TEST(TableGrowth, PreviousTableIsEmptyBeforeTheNextOneIsDue) {
  for (size_t previous = 0; previous < 500; ++previous) {
    for (size_t keys = 0; keys * 3 <= previous * 2; ++keys) {
      const size_t slots =
          std::max<size_t>(TableGrowth::fewest_slots(keys, previous), 16);
      size_t left = previous;
      size_t taken = keys;
      for (; !TableGrowth::is_due(taken, slots); ++taken) {
        left -= std::min(left, TableGrowth::kStep);
      }
      ASSERT_EQ(left, 0u) << keys << " keys, " << previous << " slots";
    }
  }
}

TEST(TableGrowth, AThirdOfTheSlotsStaysEmptyAndNoneIsWasted) {
  EXPECT_TRUE(TableGrowth::is_due(0, 0));
  EXPECT_FALSE(TableGrowth::is_due(63, 96));
  EXPECT_TRUE(TableGrowth::is_due(64, 96));
  EXPECT_EQ(TableGrowth::fewest_slots(64, 96), 192u);
  EXPECT_EQ(TableGrowth::fewest_slots(10, 96), 48u);
}

}  // namespace
}  // namespace weir::internal
