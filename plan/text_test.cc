#include "plan/text.h"

#include <string>

#include "gtest/gtest.h"

namespace weir {
namespace {

TEST(Excerpt, QuotesAndEscapes) {
  EXPECT_EQ(excerpt("abc"), "\"abc\"");
  EXPECT_EQ(excerpt(""), "\"\"");
  EXPECT_EQ(excerpt("a\"b\n\xFF"), "\"a\\\"b\\n\\xff\"");
}

TEST(Excerpt, IsBounded) {
  EXPECT_EQ(excerpt(std::string(64, 'x')), '"' + std::string(64, 'x') + '"');
  EXPECT_EQ(excerpt(std::string(65, 'x')),
            '"' + std::string(64, 'x') + "\"...");
  EXPECT_EQ(excerpt("abcd", 3), "\"abc\"...");
}

}  // namespace
}  // namespace weir
