#include "weir/cli/replay/log/log_file.h"

#include <sstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace weir::cli {
namespace {

constexpr char kCombined[] =
    "h - u [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1 \"r\" \"a\"\n";

// "FORMAT: " and a letter for each line: r(equest), n(othing), or m(alformed);
// then what ended the log, if it was not its end.
std::string letters(const std::string& text, const LogFormat* format = nullptr,
                    const FieldChoice& choice = {}) {
  std::istringstream in(text);
  LogFile file(in, format, choice);
  std::string letters;
  while (file.next()) {
    letters += file.line().kind == LogLine::Kind::kRequest   ? 'r'
               : file.line().kind == LogLine::Kind::kNothing ? 'n'
                                                             : 'm';
    EXPECT_EQ(file.number(), static_cast<std::int64_t>(letters.size()));
  }
  EXPECT_FALSE(file.next());
  std::string result = absl::StrCat(
      file.format() == nullptr ? "none" : std::string(file.format()->name),
      ": ", letters);
  if (!file.status().ok()) {
    absl::StrAppend(&result, " ", file.status().message());
  }
  return result;
}

TEST(LogFile, FindsTheFormatAndReadsEveryLine) {
  const std::string combined = kCombined;
  EXPECT_EQ(letters(""), "none: ");
  EXPECT_EQ(letters("\n# a\n"), "none: nn");
  EXPECT_EQ(letters("x\n\n" + combined + "y\n" + combined), "combined: mnrmr");
  std::string long_log, expected = "combined: ";
  for (int i = 0; i < 1000; ++i) {
    long_log += i % 10 == 3 ? "garbage\n" : combined;
    expected += i % 10 == 3 ? 'm' : 'r';
  }
  EXPECT_EQ(letters(long_log), expected);
  EXPECT_EQ(letters(std::string(70000, 'x') + "\n" + combined), "combined: mr");
}

TEST(LogFile, OneFormatHoldsForTheWholeLog) {
  const std::string weir = "1 k a:s /x/GET\n";
  std::string combined;
  for (int i = 0; i < LogFile::kLinesToRecognise; ++i) combined += kCombined;
  const std::string r(LogFile::kLinesToRecognise, 'r');
  EXPECT_EQ(letters(combined + weir), "combined: " + r + "m");
  EXPECT_EQ(letters(weir + weir + kCombined), "weir: rrm");
}

TEST(LogFile, TheFormatMayBeGiven) {
  EXPECT_EQ(letters(std::string(kCombined) + "x\n", find_log_format("common")),
            "common: rm");
  EXPECT_EQ(letters(kCombined, find_log_format("caddy")), "caddy: m");
}

TEST(LogFile, SaysWhichFieldsThereAre) {
  EXPECT_EQ(letters(kCombined, nullptr, {"agent", ""}), "combined: r");
  EXPECT_EQ(letters(kCombined, nullptr, {"Agent", ""}),
            "combined:  in a log of the format combined, there is no field "
            "\"Agent\"; there are: host, ident, user, time, method, path, "
            "protocol, status, size, referer, agent");
  EXPECT_EQ(
      letters(R"({"ts":1,"method":"GET","path":"/","ip":"i","a":{"b":[2]}})",
              nullptr, {"id", ""}),
      "json: r in a log of the format json, no line has a field \"id\"; the "
      "first one has: ts, method, path, ip, a.b[0]");
  // One line that has it is enough.
  EXPECT_EQ(
      letters("{\"ts\":1,\"method\":\"GET\",\"path\":\"/\",\"ip\":\"i\"}\n"
              "{\"ts\":1,\"method\":\"GET\",\"path\":\"/\",\"id\":\"i\"}",
              nullptr, {"id", ""}),
      "json: rr");
}

// What no format recognises is read only so far, whatever its size.
TEST(LogFile, GivesUpWhereNothingIsRecognised) {
  std::string garbage;
  while (garbage.size() < 2 * LogFile::kBytesToRecognise) {
    garbage += std::string(1000, 'x') + "\n";
  }
  const std::string result = letters(garbage + kCombined);
  EXPECT_EQ(result.substr(0, 7), "none: m");
  EXPECT_LT(result.size(), garbage.size() / 1000 * 6 / 10);
}

TEST(LogFile, TellsOfDamage) {
  std::istringstream in("\x1f\x8b");
  LogFile file(in, nullptr, {});
  EXPECT_FALSE(file.next());
  EXPECT_TRUE(absl::IsDataLoss(file.status()));
  EXPECT_EQ(letters(std::string("\xFF\xFE"
                                "a\0",
                                4))
                .substr(0, 13),
            "none:  UTF-16");
}

}  // namespace
}  // namespace weir::cli
