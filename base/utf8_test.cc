#include "weir/base/utf8.h"

#include <string>

#include "gtest/gtest.h"

namespace weir::internal {
namespace {

TEST(Utf8, CountsCharacters) {
  EXPECT_EQ(utf8_character_count(""), 0u);
  EXPECT_EQ(utf8_character_count("abc"), 3u);
  EXPECT_EQ(utf8_character_count("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"), 3u);
  EXPECT_EQ(utf8_character_count(std::string_view("\0a", 2)), 2u);
}

TEST(Utf8, TakesTheFirstAndTheLastOfEachLength) {
  EXPECT_EQ(utf8_character_bytes("\x7F"), 1u);
  EXPECT_EQ(utf8_character_bytes("\xC2\x80"), 2u);
  EXPECT_EQ(utf8_character_bytes("\xDF\xBF"), 2u);
  EXPECT_EQ(utf8_character_bytes("\xE0\xA0\x80"), 3u);
  EXPECT_EQ(utf8_character_bytes("\xED\x9F\xBF"), 3u);
  EXPECT_EQ(utf8_character_bytes("\xEE\x80\x80"), 3u);
  EXPECT_EQ(utf8_character_bytes("\xEF\xBF\xBF"), 3u);
  EXPECT_EQ(utf8_character_bytes("\xF0\x90\x80\x80"), 4u);
  EXPECT_EQ(utf8_character_bytes("\xF4\x8F\xBF\xBF"), 4u);
}

TEST(Utf8, RefusesWhatIsMalformed) {
  for (const char* text : {
           "\x80",
           "\xBF",
           "\xC3",
           "\xC3(",
           "\xE2\x82",
           "\xE2(\xAC",
           "\xC0\x80",
           "\xC1\xBF",          // overlong in two bytes
           "\xE0\x9F\xBF",      // overlong in three
           "\xF0\x8F\xBF\xBF",  // overlong in four
           "\xED\xA0\x80",
           "\xED\xBF\xBF",  // surrogates
           "\xF4\x90\x80\x80",
           "\xF5\x80\x80\x80",
           "\xFF",
       }) {
    EXPECT_EQ(utf8_character_bytes(text), 0u);
    EXPECT_EQ(utf8_character_count(std::string("a") + text), std::nullopt);
  }
  EXPECT_EQ(utf8_character_bytes(""), 0u);
}

}  // namespace
}  // namespace weir::internal
