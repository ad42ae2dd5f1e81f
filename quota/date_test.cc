#include "weir/quota/date.h"

#include <optional>

#include "gtest/gtest.h"

namespace weir {
namespace {

TEST(Date, EveryDayHasADate) {
  EXPECT_EQ(format_date(0), "2000-01-01");
  EXPECT_EQ(format_date(9132), "2025-01-01");
  EXPECT_EQ(format_date(kLastDay), "2089-09-17");
  for (Day day = 0; day <= kLastDay; ++day) {
    ASSERT_EQ(parse_date(format_date(day)), day);
  }
}

TEST(Date, OtherTextIsNone) {
  for (const char* text :
       {"", "2026", "2026-02", "2026-02-30", "2026-2-03", " 2026-02-03",
        "2026-02-03 ", "2026-02-03T00", "02026-02-03", "2026-13-01",
        "1999-12-31", "2089-09-18", "-2026-02-03"}) {
    EXPECT_EQ(parse_date(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace weir
