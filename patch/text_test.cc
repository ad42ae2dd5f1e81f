#include "patch/text.h"

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

TEST(Quote, EscapesWhatIsNotPrintableAscii) {
  EXPECT_EQ(quote("a\"b\\c\n\x01\xC3\xA9"), R"("a\"b\\c\n\x01\xc3\xa9")");
}

TEST(Quote, CutsLongText) {
  EXPECT_EQ(quote(std::string(64, 'x')), '"' + std::string(64, 'x') + '"');
  EXPECT_EQ(quote(std::string(65, 'x')), '"' + std::string(64, 'x') + "...\"");
  EXPECT_EQ(quote("abc", 2), "\"ab...\"");
}

TEST(Utf8, AcceptsEachLength) {
  for (std::string_view text :
       {"", "ascii", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80",
        "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80",
        "\xF4\x8F\xBF\xBF", "a\xC3\xA9z"}) {
    EXPECT_TRUE(is_utf8(text)) << quote(text);
  }
}

TEST(Utf8, RefusesIllFormedSequences) {
  for (std::string_view text :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x41", "\xC2\xC0",
        "\xE0\x9F\xBF", "\xE1\x80", "\xE1\x80\x41", "\xED\xA0\x80",
        "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF1\x80\x80", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xFE", "\xFF", "ok\xFF"}) {
    EXPECT_FALSE(is_utf8(text)) << quote(text);
  }
}

TEST(Annotate, KeepsTheCodeAndLeavesOkAlone) {
  EXPECT_EQ(annotate(absl::NotFoundError("b"), "a: "),
            absl::NotFoundError("a: b"));
  EXPECT_TRUE(annotate(absl::OkStatus(), "a: ").ok());
}

}  // namespace
}  // namespace weir
