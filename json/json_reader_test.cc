#include "weir/json/json_reader.h"

#include <cstdlib>
#include <limits>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

using ::google::protobuf::Value;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Value parsed(std::string_view text) {
  const auto value = parse_json(text);
  EXPECT_TRUE(value.ok()) << text << ": " << value.status();
  return value.ok() ? *value : Value();
}

std::string error(std::string_view text) {
  const auto value = parse_json(text);
  EXPECT_FALSE(value.ok()) << text;
  return value.ok() ? "" : std::string(value.status().message());
}

std::string repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

TEST(ParseJson, ReadsEveryKindOfValue) {
  EXPECT_TRUE(parsed("null").has_null_value());
  EXPECT_TRUE(parsed("true").bool_value());
  EXPECT_TRUE(parsed(" false ").has_bool_value());
  EXPECT_EQ(parsed("\"a\"").string_value(), "a");
  EXPECT_EQ(parsed("[]").list_value().values_size(), 0);
  EXPECT_TRUE(parsed("{}").has_struct_value());
  const Value value =
      parsed("\t{\"a\": [1, {\"b\" :null}] ,\r\n\"\": \"x\"}\n");
  const auto& fields = value.struct_value().fields();
  EXPECT_EQ(fields.size(), 2u);
  EXPECT_EQ(fields.at("").string_value(), "x");
  EXPECT_EQ(fields.at("a").list_value().values(0).number_value(), 1);
  EXPECT_TRUE(fields.at("a")
                  .list_value()
                  .values(1)
                  .struct_value()
                  .fields()
                  .at("b")
                  .has_null_value());
}

TEST(ParseJson, ReadsNumbers) {
  EXPECT_EQ(parsed("0").number_value(), 0);
  EXPECT_EQ(parsed("-0").number_value(), 0);
  EXPECT_EQ(parsed("8796093022207").number_value(), 8796093022207.0);
  EXPECT_EQ(parsed("0.1").number_value(), 0.1);
  EXPECT_EQ(parsed("-1.5e+3").number_value(), -1500);
  EXPECT_EQ(parsed("1E2").number_value(), 100);
  EXPECT_EQ(parsed("1e-400").number_value(), 0);
}

TEST(ParseJson, KeepsIntegersOrRefusesThem) {
  const std::string googol = "1" + repeated("0", 100);
  for (const char* exact :
       {"9007199254740992", "9007199254740994", "-9007199254740992",
        "9223372036854775808", "18446744073709551616",
        "10000000000000000000000", "1152921504606846976"}) {
    EXPECT_EQ(parsed(exact).number_value(), std::strtod(exact, nullptr));
  }
  for (const char* lost :
       {"9007199254740993", "-9007199254740993", "9223372036854775807",
        "12345678901234567890", "1152921504606847000"}) {
    EXPECT_EQ(error(std::string("[1,\n ") + lost + "]"),
              std::string("line 2, column 2: integer \"") + lost +
                  "\" has more digits than a double keeps: expected a string "
                  "that holds it");
  }
  EXPECT_THAT(error(googol), HasSubstr("more digits"));
  EXPECT_THAT(error("1" + repeated("0", 309)), HasSubstr("out of range"));
  // The largest double, to the last of its 309 digits.
  const std::string largest =
      std::to_string(std::numeric_limits<double>::max());
  EXPECT_EQ(parsed(largest.substr(0, largest.find('.'))).number_value(),
            std::numeric_limits<double>::max());
  // A fraction or an exponent asks for a double.
  EXPECT_EQ(parsed("9007199254740993.0").number_value(), 9007199254740992.0);
  EXPECT_EQ(parsed("1e100").number_value(), 1e100);
  EXPECT_EQ(parsed("0.1000000000000000000001").number_value(), 0.1);
}

TEST(ParseJson, RefusesWhatIsNoNumber) {
  for (const char* text :
       {"01", "+1", ".5", "1.", "1.e2", "1e", "1e+", "-", "--1", "0x10", "NaN",
        "Infinity", "-Infinity", "1e400", "-1e400", "1_000", "1,5"}) {
    error(text);
  }
  EXPECT_THAT(error("1e400"), HasSubstr("out of range"));
}

TEST(ParseJson, ReadsEscapes) {
  EXPECT_EQ(parsed(R"("\"\\\/\b\f\n\r\t")").string_value(), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(parsed(R"("\u0041\u00e4\u20AC\uD83d\ude00")").string_value(),
            "A\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80");
  EXPECT_EQ(parsed(R"("\u0000")").string_value(), std::string(1, '\0'));
  EXPECT_EQ(parsed(R"("\uDBFF\uDFFF")").string_value(), "\xF4\x8F\xBF\xBF");
  // On both sides of the surrogates, and of each length in UTF-8.
  EXPECT_EQ(parsed(R"("\ud7ff\ue000")").string_value(),
            "\xED\x9F\xBF\xEE\x80\x80");
  EXPECT_EQ(parsed(R"("\u007f\u0080\u07ff\u0800")").string_value(),
            "\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80");
  error(R"("\ud83d\ue000")");
}

TEST(ParseJson, ReadsEveryCharacterThatNeedsNoEscape) {
  for (char c = 0; c < 0x7F; ++c) {
    const std::string text = {'"', c, '"'};
    if (c < ' ' || c == '"' || c == '\\') {
      error(text);
    } else {
      EXPECT_EQ(parsed(text).string_value(), std::string(1, c));
    }
  }
  EXPECT_EQ(parsed("\"\x7F\"").string_value(), "\x7F");
}

TEST(ParseJson, RefusesBadStrings) {
  for (const char* text :
       {R"("abc)", R"("\)", R"("\x")", R"("\u12")", R"("\u12G4")", "'a'",
        R"("\ud800")", R"("\ud800\u0041")", R"("\ud800\n")", R"("\udc00")",
        R"("\udfff")", R"("\ud800\ud800")", "\"\xFF\"", "\"\xC3\"",
        "\"\xED\xA0\x80\"", "\"a\nb\"", "\"\x01\"", "\"\\"}) {
    error(text);
  }
  error(std::string_view("\"a\0b\"", 5));
  // Names are strings, too.
  EXPECT_THAT(error(R"({"\x": 1})"), HasSubstr("after a backslash"));
  EXPECT_THAT(error(R"({"a)"), HasSubstr("line 1, column 4: "));
  EXPECT_THAT(error("{\"\xFF\": 1}"), HasSubstr("line 1, column 3: "));
}

TEST(ParseJson, RefusesWhatIsNotJson) {
  for (const char* text : {"",          " ",
                           "{",         "[",
                           "]",         "{]",
                           "[1",        "[1,",
                           "[1,]",      "[,1]",
                           "[1 2]",     "{\"a\"}",
                           "{\"a\":}",  "{\"a\":1,}",
                           "{a:1}",     "{'a':1}",
                           "{1:1}",     "tru",
                           "TRUE",      "nul",
                           "undefined", "[] []",
                           "{} x",      "// c\n1",
                           "/* c */ 1", "\xEF\xBB\xBF{}",
                           "{\"a\" 1}"}) {
    error(text);
  }
  error(std::string_view("1\0", 2));
}

TEST(ParseJson, SaysWhere) {
  EXPECT_EQ(error("{\n  \"a\": 1,\n  \"b\": ]\n}"),
            "line 3, column 8: expected a value, found \"]\"");
  EXPECT_EQ(error("[1, 2"),
            "line 1, column 6: expected \",\" or \"]\", found the end");
  EXPECT_EQ(error("{\"\xC3\xA4\": x}"),
            "line 1, column 7: expected a value, found \"x\"");
  // For any last byte of a character.
  for (char last = '\x80'; last <= '\xBF'; ++last) {
    EXPECT_EQ(error(std::string("[\"\xC3") + last + "\", x]"),
              "line 1, column 7: expected a value, found \"x\"");
  }
  EXPECT_EQ(error("{\"a\":1,\n \"a\":2}"),
            "line 2, column 2: member \"a\" is there twice");
  EXPECT_EQ(error("\"\\ud800\""), "line 1, column 2: half of a surrogate pair");
}

TEST(ParseJson, BoundsDepth) {
  const std::string deepest =
      repeated("[", kMaxJsonDepth) + repeated("]", kMaxJsonDepth);
  EXPECT_TRUE(parse_json(deepest).ok());
  EXPECT_EQ(parse_json("[" + deepest + "]").status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(parse_json(repeated("[", 1'000'000)).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(parse_json(repeated("{\"a\":", 1'000'000)).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(ParseJson, BoundsSize) {
  const std::string filler((6 << 20) - 2, 'x');  // 6 MiB, as the documents say
  EXPECT_TRUE(parse_json("\"" + filler + "\"").ok());
  EXPECT_EQ(
      parse_json("\"" + filler + "x\"").status(),
      absl::ResourceExhaustedError("JSON of 6291457 bytes, more than 6291456"));
  const auto many = parse_json("[" + repeated("0,", kMaxJsonValues) + "0]");
  EXPECT_EQ(many.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(many.status().message()),
              HasSubstr("more than 1000000 values"));
}

TEST(ParseJson, ErrorsAreShortAndPrintable) {
  const std::string message =
      error("{\"" + repeated("\x7F", 9999) + "\": 1, \"" +
            repeated("\x7F", 9999) + "\": 1}");
  EXPECT_THAT(message, StartsWith("line 1, column "));
  EXPECT_LT(message.size(), 400u);
}

}  // namespace
}  // namespace weir
