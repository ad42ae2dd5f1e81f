#include "weir/cli/printable.h"

#include <cstdint>
#include <limits>
#include <sstream>
#include <string>

#include "gtest/gtest.h"
#include "weir/cli/console.h"
#include "weir/cli/notices.h"

namespace weir::cli {
namespace {

// As much as a pipe takes at once, but no half of a character.
TEST(Notices, AreCutBetweenCharacters) {
  for (const std::string start : {"", "a", "ab", "abc"}) {
    std::istringstream in;
    std::ostringstream out, err;
    const Console console{in, out, err};
    std::string text = start;
    while (text.size() <= 2048) text += "\xF0\x9F\x98\x80";
    Notices notices(console);
    notices.say(text);
    const size_t kept = start.size() + (2048 - start.size()) / 4 * 4;
    EXPECT_EQ(err.str(), "weir: " + text.substr(0, kept) + "...\n");
    err.str("");
    notices.say(text.substr(0, 2048 - (2048 - start.size()) % 4));
    EXPECT_EQ(err.str(), "weir: " + text.substr(0, kept) + "\n");
    EXPECT_EQ(out.str(), "");
  }
}

TEST(Printable, KeepsText) {
  EXPECT_EQ(printable("2001:db8::1"), "2001:db8::1");
  EXPECT_EQ(printable("a \"b\" \\ é 漢 😀"), "a \"b\" \\ é 漢 😀");
}

TEST(Printable, EscapesWhatCouldSteerATerminal) {
  EXPECT_EQ(printable(std::string("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(printable("\x1b[2J\r\n\t\x7f"), "\\x1B[2J\\x0D\\x0A\\x09\\x7F");
  EXPECT_EQ(printable("\xC2\x9B"
                      "2J"),
            "\\xC2\\x9B2J");  // C1's escape
  EXPECT_EQ(printable("\xC2\xA0"), "\xC2\xA0");
}

TEST(Printable, EscapesWhatIsNotUtf8) {
  EXPECT_EQ(printable("a\xFFz"), "a\\xFFz");
  EXPECT_EQ(printable("\xE6\xBC"), "\\xE6\\xBC");
  EXPECT_EQ(printable("\xC0\x80"), "\\xC0\\x80");
}

TEST(Printable, EscapesAllButAsciiIfToldSo) {
  EXPECT_EQ(printable("né", false), "n\\xC3\\xA9");
}

TEST(SecretName, ShowsFourCharactersAndAHash) {
  const std::string secret = "a1b2c3d4e5f6g7h8i9j0";
  const std::string name = secret_name(secret);
  EXPECT_EQ(name.size(), 4 + 3 + 8u);
  EXPECT_EQ(name.substr(0, 7), "a1b2…");
  EXPECT_EQ(name, secret_name(secret));
  EXPECT_NE(name, secret_name("a1b2c3d4e5f6g7h8i9j1"));
  EXPECT_EQ(secret_name(secret, false).substr(0, 5), "a1b2~");
  // The same in every run and on every machine.
  EXPECT_EQ(secret_name("", false), "~4fd0bfc1");
}

TEST(Shortened, CutsCharactersNotBytes) {
  EXPECT_EQ(shortened("abcde", 5), "abcde");
  EXPECT_EQ(shortened("abcdef", 5), "abcd…");
  EXPECT_EQ(shortened("éééééé", 5), "éééé…");
  EXPECT_EQ(shortened("ééééé", 5), "ééééé");
  EXPECT_EQ(shortened("abcdef", 5, false), "abcd~");
}

TEST(WithCommas, GroupsDigits) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(-1000), "-1,000");
  EXPECT_EQ(with_commas(-100), "-100");
  EXPECT_EQ(with_commas(std::numeric_limits<std::int64_t>::max()),
            "9,223,372,036,854,775,807");
}

}  // namespace
}  // namespace weir::cli
