#include "cli/command_line.h"

#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "cli/console.h"
#include "gtest/gtest.h"

namespace weir::cli {
namespace {

class CommandLineTest : public testing::Test {
 protected:
  CommandLineTest() {
    line_.add_flag("plan", "FILE", "the plan", &plan_);
    line_.add_flag("output", "text|json", "default text,\nor json", &output_);
    line_.add_flag("sorted", "in order", &sorted_);
  }

  std::optional<int> parse(const std::vector<std::string>& arguments,
                           int operands = 0) {
    return line_.parse(arguments, operands, console_);
  }

  std::istringstream in_;
  std::ostringstream out_, err_;
  Console console_{in_, out_, err_};
  CommandLine line_{"brew POT [flags]", "Makes tea."};
  std::string plan_, output_ = "text";
  bool sorted_ = false;
};

TEST_F(CommandLineTest, TakesValuesInBothSpellings) {
  EXPECT_EQ(parse({"--plan=a=b", "--output", "json"}), std::nullopt);
  EXPECT_EQ(plan_, "a=b");
  EXPECT_EQ(output_, "json");
  EXPECT_FALSE(sorted_);
}

TEST_F(CommandLineTest, FlagsStandAnywhere) {
  EXPECT_EQ(parse({"a", "--sorted", "-", "--plan", "p", "c"}, 3), std::nullopt);
  EXPECT_EQ(line_.operands(), (std::vector<std::string>{"a", "-", "c"}));
  EXPECT_TRUE(sorted_);
  EXPECT_EQ(plan_, "p");
}

TEST_F(CommandLineTest, DoubleDashEndsFlags) {
  EXPECT_EQ(parse({"--", "--sorted", "--"}, 2), std::nullopt);
  EXPECT_EQ(line_.operands(), (std::vector<std::string>{"--sorted", "--"}));
  EXPECT_FALSE(sorted_);
}

TEST_F(CommandLineTest, ValuesMayLookLikeFlagsOrBeEmpty) {
  EXPECT_EQ(parse({"--plan", "--sorted"}), std::nullopt);
  EXPECT_EQ(plan_, "--sorted");
  EXPECT_EQ(parse({"--plan="}), std::nullopt);
  EXPECT_EQ(plan_, "");
}

TEST_F(CommandLineTest, LastOfARepeatedFlagCounts) {
  EXPECT_EQ(parse({"--plan=a", "--plan=b"}), std::nullopt);
  EXPECT_EQ(plan_, "b");
}

TEST_F(CommandLineTest, HelpIsNoError) {
  EXPECT_EQ(parse({"--plan=a", "--help"}, 7), kExitOk);
  EXPECT_EQ(out_.str(),
            "Usage: weir brew POT [flags]\n\nMakes tea.\n\nFlags:\n"
            "  --plan=FILE\n        the plan\n"
            "  --output=text|json\n        default text,\n        or json\n"
            "  --sorted\n        in order\n");
  EXPECT_EQ(err_.str(), "");
}

TEST_F(CommandLineTest, NamesWhatIsWrong) {
  const struct {
    std::vector<std::string> arguments;
    const char* message;
  } kCases[] = {
      {{"--nope"}, "unknown flag --nope"},
      {{"--nope=1"}, "unknown flag --nope"},
      {{"-p"}, "unknown flag -p"},
      {{"--pla=1"}, "unknown flag --pla"},
      {{"-plan=1"}, "unknown flag -plan"},
      {{"-xplan=1"}, "unknown flag -xplan"},
      {{"--plan"}, "--plan needs a value: FILE"},
      {{"--sorted=yes"}, "--sorted takes no value"},
      {{"--output=xml"}, "--output: expected text or json, got \"xml\""},
      {{"a"}, "expected 0 operands, got 1"},
  };
  for (const auto& c : kCases) {
    err_.str("");
    EXPECT_EQ(line_.parse(c.arguments, 0, console_), kExitUsage);
    EXPECT_EQ(err_.str(), std::string("weir: brew: ") + c.message +
                              "\nTry `weir brew --help`.\n");
  }
  EXPECT_EQ(out_.str(), "");
}

}  // namespace
}  // namespace weir::cli
