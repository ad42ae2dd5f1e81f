#include "weir/cli/command_line.h"

#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "weir/cli/console.h"

namespace weir::cli {
namespace {

class CommandLineTest : public testing::Test {
 protected:
  CommandLineTest() {
    line_.add_flag("plan", "FILE", "the plan", &plan_);
    line_.add_flag("output", "text|json", "default text,\nor json", &output_);
    line_.add_flag("sorted", "in order", &sorted_);
    line_.add_flag("log", "FILE", "a log", &logs_);
    line_.add_flag("o", "FILE", "where to", &to_);
  }

  std::optional<int> parse(const std::vector<std::string>& arguments,
                           int operands = 0) {
    return line_.parse(arguments, operands, console_);
  }

  std::istringstream in_;
  std::ostringstream out_, err_;
  Console console_{in_, out_, err_};
  CommandLine line_{"brew POT [flags]", "Makes tea."};
  std::string plan_, output_ = "text", to_;
  std::vector<std::string> logs_;
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

TEST_F(CommandLineTest, ValuesThatLookLikeFlagsNeedTheEqualsSign) {
  EXPECT_EQ(parse({"--plan=--sorted", "-o", "-", "--log=-5"}), std::nullopt);
  EXPECT_EQ(plan_, "--sorted");
  EXPECT_EQ(to_, "-");
  EXPECT_EQ(logs_, std::vector<std::string>{"-5"});
  EXPECT_FALSE(sorted_);
}

TEST_F(CommandLineTest, RepeatableFlagsAreCollected) {
  EXPECT_EQ(parse({"--log=b", "--log", "a", "--sorted", "--log=b"}),
            std::nullopt);
  EXPECT_EQ(logs_, (std::vector<std::string>{"b", "a", "b"}));
}

TEST_F(CommandLineTest, RepeatedSwitchesAreHarmless) {
  EXPECT_EQ(parse({"--sorted", "--sorted"}), std::nullopt);
  EXPECT_TRUE(sorted_);
}

TEST_F(CommandLineTest, WhatIsEmptyOrRepeatedChangesNothing) {
  const struct {
    std::vector<std::string> arguments;
    const char* message;
  } kCases[] = {
      {{"--plan="}, "--plan needs a value: FILE"},
      {{"--plan", ""}, "--plan needs a value: FILE"},
      {{"--log="}, "--log needs a value: FILE"},
      {{"--log=a", "--log", ""}, "--log needs a value: FILE"},
      {{"-o="}, "-o needs a value: FILE"},
      {{"-o", ""}, "-o needs a value: FILE"},
      {{"--output="}, "--output needs a value: text|json"},
      {{"--sorted="}, "--sorted takes no value"},
      {{"--plan=a", "--plan=b"}, "--plan is given twice"},
      {{"--plan=a", "--plan", "a"}, "--plan is given twice"},
      {{"--output=json", "--output=json"}, "--output is given twice"},
      {{"--plan=a", "--plan="}, "--plan needs a value: FILE"},
      {{""}, "operand 1 is empty"},
      {{"--", ""}, "operand 1 is empty"},
  };
  for (const auto& c : kCases) {
    std::string plan = "before", output = "text", to = "before";
    std::vector<std::string> logs;
    bool sorted = false;
    CommandLine line("brew POT [flags]", "Makes tea.");
    line.add_flag("plan", "FILE", "the plan", &plan);
    line.add_flag("output", "text|json", "how", &output);
    line.add_flag("sorted", "in order", &sorted);
    line.add_flag("log", "FILE", "a log", &logs);
    line.add_flag("o", "FILE", "where to", &to);
    err_.str("");
    EXPECT_EQ(line.parse(c.arguments, 1, console_), kExitUsage);
    EXPECT_EQ(err_.str(), std::string("weir: brew: ") + c.message +
                              "\nTry `weir brew --help`.\n");
    EXPECT_NE(plan, "");
    EXPECT_EQ(to, "before");
    EXPECT_FALSE(sorted);
  }
}

TEST_F(CommandLineTest, HelpIsNoError) {
  EXPECT_EQ(parse({"--plan=a", "--help"}, 7), kExitOk);
  EXPECT_EQ(out_.str(),
            "Usage: weir brew POT [flags]\n\nMakes tea.\n\nFlags:\n"
            "  --plan=FILE\n        the plan\n"
            "  --output=text|json\n        default text,\n        or json\n"
            "  --sorted\n        in order\n"
            "  --log=FILE\n        a log\n"
            "  -o=FILE\n        where to\n");
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
      {{"--plan", "--sorted"},
       "--plan needs a value: FILE (one that begins with '-' is given as "
       "--plan=VALUE)"},
      {{"-o", "-5"},
       "-o needs a value: FILE (one that begins with '-' is given as "
       "-o=VALUE)"},
      {{"--plan", "--", "a"},
       "--plan needs a value: FILE (one that begins with '-' is given as "
       "--plan=VALUE)"},
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
