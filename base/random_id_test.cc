#include "weir/base/random_id.h"

#include <array>
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace weir::internal {
namespace {

TEST(RandomText, IsOfTheAlphabetEvenly) {
  RandomText random;
  std::set<std::string> seen;
  std::array<int, 256> ids{};
  std::array<int, 256> secrets{};
  constexpr int kDraws = 10'000;
  for (int i = 0; i < kDraws; ++i) {
    const std::string id = random.id();
    const std::string secret = random.secret();
    ASSERT_EQ(id.size(), 10u);
    ASSERT_EQ(secret.size(), 40u);
    EXPECT_TRUE(seen.insert(id).second);
    EXPECT_TRUE(seen.insert(secret).second);
    for (const char c : id) ++ids[static_cast<unsigned char>(c)];
    for (const char c : secret) ++secrets[static_cast<unsigned char>(c)];
  }
  // A standard deviation is 53 of the 2,778 expected, and 80 of the 6,452.
  for (int c = 0; c < 256; ++c) {
    const bool digit = c >= '0' && c <= '9';
    const bool lower = c >= 'a' && c <= 'z';
    const bool upper = c >= 'A' && c <= 'Z';
    if (digit || lower) {
      EXPECT_NEAR(ids[c], kDraws * 10 / 36, 400) << c;
    } else {
      EXPECT_EQ(ids[c], 0) << c;
    }
    if (digit || lower || upper) {
      EXPECT_NEAR(secrets[c], kDraws * 40 / 62, 600) << c;
    } else {
      EXPECT_EQ(secrets[c], 0) << c;
    }
  }
}

TEST(IsId, TakesLettersDigitsAndTwoSigns) {
  const std::string signs =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  for (int c = 0; c < 256; ++c) {
    const char character = static_cast<char>(c);
    EXPECT_EQ(is_id(std::string(1, character)),
              c != 0 && signs.find(character) != signs.npos)
        << c;
  }
  EXPECT_TRUE(is_id(signs));
  EXPECT_FALSE(is_id(signs + "a"));
  EXPECT_FALSE(is_id(""));
}

// A later reader of the memory finds nothing of what was given out.
TEST(RandomText, UsedAndUnusedBytesAreWiped) {
  alignas(RandomText) std::array<unsigned char, sizeof(RandomText)> memory;
  auto* random = new (memory.data()) RandomText;
  EXPECT_EQ(random->secret().size(), 40u);
  // Of the 256 bytes at the front, the last ones are used first.
  const auto used = [&] {
    size_t zeros = 0;
    while (zeros < 256 && memory[255 - zeros] == 0) ++zeros;
    return zeros;
  };
  EXPECT_GE(used(), 40u);
  EXPECT_LT(used(), 200u);
  random->~RandomText();
  EXPECT_EQ(used(), 256u);
}

}  // namespace
}  // namespace weir::internal
