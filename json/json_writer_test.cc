#include "weir/json/json_writer.h"

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>

#include "gtest/gtest.h"

namespace weir {
namespace {

template <typename T>
std::string number(T value) {
  JsonWriter json(JsonStyle::kCompact);
  json.number(value);
  return json.text();
}

std::string quoted(std::string_view text) {
  JsonWriter json(JsonStyle::kCompact);
  json.string(text);
  return json.text();
}

std::string plain(double value) {
  JsonWriter json(JsonStyle::kCompact);
  json.plain_number(value);
  return json.text();
}

void write_sample(JsonWriter* json) {
  json->begin_object();
  json->key("a");
  json->begin_array();
  json->number(std::int64_t{1});
  json->number(2.5);
  json->begin_object();
  json->end_object();
  json->begin_array();
  json->end_array();
  json->end_array();
  json->key("b");
  json->boolean(true);
  json->key("c");
  json->begin_object();
  json->key("d");
  json->boolean(false);
  json->end_object();
  json->end_object();
}

TEST(JsonWriter, WritesCompactText) {
  JsonWriter json(JsonStyle::kCompact);
  write_sample(&json);
  EXPECT_EQ(json.text(), R"({"a":[1,2.5,{},[]],"b":true,"c":{"d":false}})");
}

TEST(JsonWriter, WritesPrettyText) {
  JsonWriter json(JsonStyle::kPretty);
  write_sample(&json);
  EXPECT_EQ(json.text(), R"({
  "a": [
    1,
    2.5,
    {},
    []
  ],
  "b": true,
  "c": {
    "d": false
  }
})");
}

TEST(JsonWriter, WritesEveryDigitOfAnInteger) {
  EXPECT_EQ(number(std::int64_t{0}), "0");
  EXPECT_EQ(number(std::numeric_limits<std::int64_t>::max()),
            "9223372036854775807");
  EXPECT_EQ(number(std::numeric_limits<std::int64_t>::min()),
            "-9223372036854775808");
}

TEST(JsonWriter, WritesDoublesAsDoubles) {
  EXPECT_EQ(number(0.0), "0.0");
  EXPECT_EQ(number(10.0), "10.0");
  EXPECT_EQ(number(0.1), "0.1");
  EXPECT_EQ(number(-2.5), "-2.5");
  EXPECT_EQ(number(1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(number(1e-6), "0.000001");
  EXPECT_EQ(number(1e9), "1000000000.0");
  EXPECT_EQ(number(1e300), "1e+300");
  EXPECT_EQ(number(5e-324), "5e-324");
  EXPECT_EQ(number(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(number(std::numeric_limits<double>::quiet_NaN()), "null");
}

TEST(JsonWriter, WritesWholeNumbersPlainly) {
  EXPECT_EQ(plain(0), "0");
  EXPECT_EQ(plain(-0.0), "-0");
  EXPECT_EQ(plain(10), "10");
  EXPECT_EQ(plain(-9007199254740992), "-9007199254740992");
  EXPECT_EQ(plain(1152921504606846976), "1152921504606846976");
  EXPECT_EQ(plain(999999999999999868928.0), "999999999999999868928");
  EXPECT_EQ(plain(1e21), "1e+21");
  EXPECT_EQ(plain(0.5), "0.5");
  EXPECT_EQ(plain(1e-7), "0.0000001");
  EXPECT_EQ(plain(-1.2345678901234566e-7), "-0.00000012345678901234566");
  EXPECT_EQ(plain(1e-8), "1e-08");
  EXPECT_EQ(plain(std::numeric_limits<double>::infinity()), "null");
}

TEST(JsonWriter, WritesNull) {
  JsonWriter json(JsonStyle::kCompact);
  json.begin_array();
  json.null();
  json.null();
  json.end_array();
  EXPECT_EQ(json.text(), "[null,null]");
}

TEST(JsonWriter, DoublesReadBackTheSame) {
  for (const double value :
       {0.1 + 0.2, 1e-7, 9.999999999999999e-8, 99999999999999984.0, 1e17,
        123456789.123456789, std::numeric_limits<double>::max(),
        std::numeric_limits<double>::denorm_min(), 4.35, 1e9 / 7}) {
    EXPECT_EQ(std::strtod(number(value).c_str(), nullptr), value);
    EXPECT_EQ(std::strtod(plain(value).c_str(), nullptr), value);
  }
}

TEST(JsonWriter, EscapesWhatJsonAsks) {
  EXPECT_EQ(quoted("plain/\xC3\xA4\xF0\x9F\x98\x80"),
            "\"plain/\xC3\xA4\xF0\x9F\x98\x80\"");
  EXPECT_EQ(quoted("\"\\\n\r\t"), R"("\"\\\n\r\t")");
  EXPECT_EQ(quoted(std::string_view("\0\x1f\x7f", 3)),
            "\"\\u0000\\u001f\x7f\"");
}

TEST(JsonWriter, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(quoted("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
  EXPECT_EQ(quoted("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

}  // namespace
}  // namespace weir
