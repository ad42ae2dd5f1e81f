#include "weir/json/json_value.h"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <limits>
#include <random>
#include <string>

#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "weir/json/json_reader.h"

namespace weir {
namespace {

using ::google::protobuf::Value;
using ::google::protobuf::util::MessageDifferencer;

std::uint64_t seed() {
  const char* text = std::getenv("WEIR_TEST_SEED");
  return text == nullptr ? 20261121 : std::strtoull(text, nullptr, 10);
}

std::string rewritten(std::string_view text,
                      JsonStyle style = JsonStyle::kCompact) {
  const auto value = parse_json(text);
  EXPECT_TRUE(value.ok()) << value.status();
  return value.ok() ? value_to_json(*value, style) : "";
}

double random_number(std::mt19937_64* random) {
  switch ((*random)() % 4) {
    case 0:
      return static_cast<double>((*random)() % 100) - 50;
    case 1:
      return static_cast<double>(static_cast<std::int64_t>((*random)()));
    case 2:
      return static_cast<double>((*random)() % 100000) / 1000;
    default: {  // Any double at all.
      double number;
      do {
        const std::uint64_t bits = (*random)();
        std::memcpy(&number, &bits, sizeof(number));
      } while (!std::isfinite(number));
      return number;
    }
  }
}

std::string random_text(std::mt19937_64* random) {
  static const std::string kPieces[] = {"a",
                                        "B",
                                        "/",
                                        "~",
                                        "\"",
                                        "\\",
                                        "\x01",
                                        "\xC3\xA4",
                                        "\xF0\x9F\x98\x80",
                                        std::string(1, '\0')};
  std::string text;
  for (auto i = (*random)() % 4; i > 0; --i) {
    text += kPieces[(*random)() % std::size(kPieces)];
  }
  return text;
}

Value random_value(int depth, std::mt19937_64* random) {
  Value value;
  switch ((*random)() % (depth > 0 ? 7 : 4)) {
    case 0:
      value.set_null_value(google::protobuf::NULL_VALUE);
      break;
    case 1:
      value.set_bool_value((*random)() % 2 == 0);
      break;
    case 2:
      value.set_number_value(random_number(random));
      break;
    case 3:
      value.set_string_value(random_text(random));
      break;
    case 4:
      value.mutable_list_value();
      for (auto i = (*random)() % 5; i > 0; --i) {
        *value.mutable_list_value()->add_values() =
            random_value(depth - 1, random);
      }
      break;
    default:
      auto* fields = value.mutable_struct_value()->mutable_fields();
      for (auto i = (*random)() % 5; i > 0; --i) {
        (*fields)[random_text(random)] = random_value(depth - 1, random);
      }
  }
  return value;
}

TEST(ValueToJson, ReadsBackTheSame) {
  std::mt19937_64 random(seed());
  for (int i = 0; i < 3000; ++i) {
    const Value value = random_value(4, &random);
    for (const JsonStyle style : {JsonStyle::kCompact, JsonStyle::kPretty}) {
      const std::string text = value_to_json(value, style);
      const auto read = parse_json(text);
      ASSERT_TRUE(read.ok()) << read.status() << "\nseed " << seed() << "\n"
                             << text;
      ASSERT_TRUE(MessageDifferencer::Equals(*read, value))
          << "seed " << seed() << "\n"
          << text;
      // Equal values have equal texts.
      ASSERT_EQ(value_to_json(*read, style), text) << "seed " << seed();
    }
  }
}

TEST(ValueToJson, LeavesCanonicalTextAlone) {
  for (const char* text :
       {"null",
        "true",
        "false",
        "0",
        "-0",
        "-1",
        "1.5",
        "0.1",
        "100",
        "9007199254740992",
        "-9007199254740992",
        "100000000000000000000",
        "1e+21",
        "1.5e-300",
        "\"\"",
        R"("a\"\\\n\u0001/")",
        "[]",
        "{}",
        R"([null,[[]],{"":{}}])",
        R"({"":0,"A":1,"a":{"b":[1,2.5,"x"]},"ab":null,"b":false})"}) {
    EXPECT_EQ(rewritten(text), text);
  }
  constexpr char kPretty[] = R"({
  "a": [
    1,
    {}
  ],
  "b": null
})";
  EXPECT_EQ(rewritten(kPretty, JsonStyle::kPretty), kPretty);
}

TEST(ValueToJson, SortsMembersByTheirBytes) {
  EXPECT_EQ(rewritten("{\"\xC3\xA4\":1,\"b\":2,\"a\":3,\"B\":4,\"aa\":5,"
                      "\"\":6,\"a\\u0000\":7}"),
            "{\"\":6,\"B\":4,\"a\":3,\"a\\u0000\":7,\"aa\":5,\"b\":2,"
            "\"\xC3\xA4\":1}");
}

TEST(ValueToJson, HasNullForWhatJsonCannotSay) {
  Value value;
  EXPECT_EQ(value_to_json(value), "null");
  value.set_number_value(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(value_to_json(value), "null");
  value.set_number_value(-std::numeric_limits<double>::infinity());
  EXPECT_EQ(value_to_json(value), "null");
}

TEST(DescribeValue, SaysWhatItIs) {
  const auto describe = [](std::string_view json) {
    return describe_value(*parse_json(json));
  };
  EXPECT_EQ(describe("null"), "null");
  EXPECT_EQ(describe("false"), "false");
  EXPECT_EQ(describe("-0.5"), "number -0.5");
  EXPECT_EQ(describe("\"a\\n\""), "string \"a\\n\"");
  EXPECT_LT(describe("\"" + std::string(9999, 'x') + "\"").size(), 100u);
  EXPECT_EQ(describe("{\"a\":1}"), "an object");
  EXPECT_EQ(describe("[1]"), "an array");
  EXPECT_EQ(describe_value({}), "no value");
}

}  // namespace
}  // namespace weir
