#include "weir/cli/replay/log/line_reader.h"

#include <sstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace weir::cli {
namespace {

class StreamSource : public ByteSource {
 public:
  explicit StreamSource(const std::string& text) : in_(text) {}
  std::size_t read(char* buffer, std::size_t size) override {
    in_.read(buffer, static_cast<std::streamsize>(size));
    return static_cast<std::size_t>(in_.gcount());
  }

 private:
  std::istringstream in_;
};

// The lines of `text`; "<long>" for each that is too long.
std::vector<std::string> lines(const std::string& text) {
  StreamSource source(text);
  LineReader reader(source);
  std::vector<std::string> lines;
  while (reader.next()) {
    lines.emplace_back(reader.too_long() ? "<long>" : reader.line());
    EXPECT_EQ(reader.number(), static_cast<std::int64_t>(lines.size()));
  }
  EXPECT_FALSE(reader.next());
  return lines;
}

using Lines = std::vector<std::string>;

TEST(LineReader, SplitsLines) {
  EXPECT_EQ(lines(""), Lines());
  EXPECT_EQ(lines("\n"), Lines{""});
  EXPECT_EQ(lines("a\nb\n"), (Lines{"a", "b"}));
  EXPECT_EQ(lines("a\n\nb"), (Lines{"a", "", "b"}));
}

TEST(LineReader, TakesCarriageReturnsOff) {
  EXPECT_EQ(lines("a\r\nb\r\n\r\n"), (Lines{"a", "b", ""}));
  EXPECT_EQ(lines("a\rb\r"), (Lines{"a\rb"}));
  EXPECT_EQ(lines("a\r\r\n"), (Lines{"a\r"}));
}

TEST(LineReader, TakesAnyBytes) {
  const std::string bytes("a\0b\xFF", 4);
  EXPECT_EQ(lines(bytes + "\n" + bytes), (Lines{bytes, bytes}));
}

TEST(LineReader, SkipsLinesThatAreTooLong) {
  const std::string longest(kMaxLineBytes, 'x');
  EXPECT_EQ(lines(longest), Lines{longest});
  EXPECT_EQ(lines(longest + "\r\n"), Lines{longest});
  EXPECT_EQ(lines(longest + "x"), Lines{"<long>"});
  EXPECT_EQ(lines(longest + "x\n"), Lines{"<long>"});
  EXPECT_EQ(lines(longest + "\rx\na"), (Lines{"<long>", "a"}));
  const std::string huge(10 * kMaxLineBytes + 17, 'x');
  EXPECT_EQ(lines("a\n" + huge + "\nb\n" + huge),
            (Lines{"a", "<long>", "b", "<long>"}));
}

// Where the buffer ends between the "\r" and the "\n" of the longest line.
TEST(LineReader, WaitsForTheLineEndOfTheLongestLine) {
  const std::string longest(kMaxLineBytes, 'x');
  const std::string before(3 * kMaxLineBytes - 1, '\n');
  EXPECT_EQ(lines(before + longest + "\r\n").back(), longest);
  EXPECT_EQ(lines(before + longest + "x\n").back(), "<long>");
}

TEST(LineReader, ReadsAcrossItsBuffer) {
  std::string text;
  Lines expected;
  for (std::size_t i = 0; i < 4000; ++i) {
    expected.push_back(std::string(i % 997, static_cast<char>('a' + i % 26)));
    text += expected.back() + (i % 3 == 0 ? "\r\n" : "\n");
  }
  EXPECT_EQ(lines(text), expected);
}

}  // namespace
}  // namespace weir::cli
