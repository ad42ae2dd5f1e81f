#include "weir/documents/document_reader.h"

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/documents/document_node.h"
#include "weir/json/json_reader.h"
#include "weir/json/json_value.h"

namespace weir {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

DocumentNode read(std::string_view text) {
  const auto node = read_document(text);
  EXPECT_TRUE(node.ok()) << text << ": " << node.status();
  return node.ok() ? *node : DocumentNode();
}

// The document as JSON in one line, with sorted members.
std::string json_of(std::string_view text) {
  return value_to_json(to_value(read(text)));
}

std::string error_of(std::string_view text) {
  const auto node = read_document(text);
  EXPECT_FALSE(node.ok()) << text;
  EXPECT_TRUE(node.ok() || absl::IsInvalidArgument(node.status()))
      << node.status();
  return std::string(node.status().message());
}

std::string repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

TEST(ReadDocument, ReadsJsonAsParseJsonDoes) {
  for (const char* text :
       {"{}", "[]", " [1, 2.50, -1e3, true, false, null, \"a\\u00e9\\/\"]\n",
        "{\"a\": {\"b\": [[], {}]}, \"\": 0}", "{\"a\":\"\\ud83d\\ude00\"}"}) {
    EXPECT_EQ(json_of(text), value_to_json(*parse_json(text))) << text;
  }
  for (const char* text :
       {"", " \n", "{", "{\"a\":1,}", "{\"a\":1,\n\"a\":2}", "[1,]", "{a: 1}",
        "{'a': 1}", "{\"a\":9007199254740993}", "{} x"}) {
    EXPECT_EQ(error_of(text), parse_json(text).status().message()) << text;
  }
}

TEST(ReadDocument, KnowsTheLines) {
  const DocumentNode json =
      read("{\n  \"a\": [\n    1,\n    {}\n  ],\n\n\"b\":\n2}");
  EXPECT_EQ(json.line, 1);
  EXPECT_EQ(json.find("a")->line, 2);
  EXPECT_EQ(json.find("a")->items[1].line, 4);
  EXPECT_EQ(json.find("b")->line, 8);
  const DocumentNode yaml =
      read("# plan\na:\n  - 1\n  - {x: 2}\nb: !If\n  - c\n");
  EXPECT_EQ(yaml.find("a")->line, 3);
  EXPECT_EQ(yaml.find("a")->items[1].find("x")->line, 4);
  EXPECT_EQ(yaml.find("b")->find("Fn::If")->items[0].line, 6);
}

TEST(ReadDocument, ReadsYaml) {
  EXPECT_EQ(json_of("a: 1\nb:\n- x\n- 'y z'\n- \"q\\n\"\nc: {d: [e, ~]}\n"),
            R"({"a":1,"b":["x","y z","q\n"],"c":{"d":["e",null]}})");
  EXPECT_EQ(json_of("---\na: |\n  two\n  lines\nb: >-\n  one\n  line\n...\n"),
            R"({"a":"two\nlines\n","b":"one line"})");
  EXPECT_EQ(json_of("\"a\": 1\r\n'b': 2\r\n"), R"({"a":1,"b":2})");
  EXPECT_EQ(json_of("just text"), R"("just text")");
  // Names are text, whatever they look like.
  EXPECT_EQ(json_of("on: 1\n010: 2\n~: 3\n"), R"({"010":2,"on":1,"~":3})");
}

TEST(ReadDocument, ReadsScalarsAsYaml11) {
  const struct {
    const char* yaml;
    const char* json;
  } kCases[] = {
      {"yes", "true"},
      {"On", "true"},
      {"TRUE", "true"},
      {"no", "false"},
      {"off", "false"},
      {"y", "\"y\""},
      {"", "null"},
      {"~", "null"},
      {"Null", "null"},
      {"1_000", "1000"},
      {"010", "8"},
      {"0x1F", "31"},
      {"0b101", "5"},
      {"1:30", "90"},
      {"-1:30", "-90"},
      {"+5", "5"},
      {"-7", "-7"},
      {"0", "0"},
      {"08", "\"08\""},
      {"0o10", "\"0o10\""},
      {"1.10", "1.1"},
      {".5", "0.5"},
      {"5.", "5"},
      {"1e3", "1000"},
      {"1.5e+3", "1500"},
      {"1_0.5", "10.5"},
      {"1.2.3", "\"1.2.3\""},
      {"1e", "\"1e\""},
      {"e5", "\"e5\""},
      {".", "\".\""},
      {"-", "[null]"},
      {"_1", "\"_1\""},
      {"1:60", "\"1:60\""},
      {".inf", "\".inf\""},
      {"2026-11-30", "\"2026-11-30\""},
      {"'5'", "\"5\""},
      {"\"yes\"", "\"yes\""},
      {"! 5", "5"},
      {"!!str 5", "\"5\""},
      {"!!int '5'", "5"},
      {"99999999999999999999", "\"99999999999999999999\""},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(
        json_of(absl::StrCat(
            "v: ", c.yaml[0] == '-' && c.yaml[1] == '\0' ? "\n- " : c.yaml)),
        absl::StrCat("{\"v\":", c.json, "}"))
        << c.yaml;
  }
  EXPECT_EQ(read("v: 1.10").find("v")->text, "1.10");
  EXPECT_EQ(read("v: 010").find("v")->text, "010");
  EXPECT_EQ(read("v: 010").find("v")->integer(), 8);
  EXPECT_EQ(read("v: '010'").find("v")->integer(), 10);
}

TEST(ReadDocument, ReadsTheFunctionsOfCloudFormation) {
  EXPECT_EQ(json_of("a: !Ref Api\nb: !GetAtt Api.Root.Id\nc: !Sub '${A}-x'\n"),
            R"({"a":{"Ref":"Api"},"b":{"Fn::GetAtt":["Api","Root.Id"]},)"
            R"("c":{"Fn::Sub":"${A}-x"}})");
  EXPECT_EQ(json_of("!If [IsProd, 10, !Ref AWS::NoValue]"),
            R"({"Fn::If":["IsProd",10,{"Ref":"AWS::NoValue"}]})");
  EXPECT_EQ(json_of("a: !Join\n  - '-'\n  - [x, !Ref B]\nb: !Condition C\n"),
            R"({"a":{"Fn::Join":["-",["x",{"Ref":"B"}]]},)"
            R"("b":{"Condition":"C"}})");
  EXPECT_EQ(json_of("!GetAtt [A, B]"), R"({"Fn::GetAtt":["A","B"]})");
  // The argument of a function is a name, even if it looks like another type.
  EXPECT_EQ(json_of("!Ref 010"), R"({"Ref":"010"})");
}

TEST(ReadDocument, CopiesWhatAliasesNameAndMerges) {
  EXPECT_EQ(json_of("a: &x {p: 1, q: [2]}\nb: *x\nc:\n  <<: *x\n  p: 3\n"),
            R"({"a":{"p":1,"q":[2]},"b":{"p":1,"q":[2]},"c":{"p":3,"q":[2]}})");
  EXPECT_EQ(json_of("x: &x {p: 1}\ny: &y {p: 2, r: 2}\nz:\n  <<: [*x, *y]\n"),
            R"({"x":{"p":1},"y":{"p":2,"r":2},"z":{"p":1,"r":2}})");
  EXPECT_EQ(json_of("a: &n name\n*n : 1\n'<<': 2\n"),
            R"({"<<":2,"a":"name","name":1})");
  // The last anchor of a name counts.
  EXPECT_EQ(json_of("- &x 1\n- *x\n- &x 2\n- *x\n"), "[1,1,2,2]");
}

TEST(ReadDocument, TellsWhatIsWrongWithYaml) {
  const struct {
    const char* yaml;
    const char* message;
  } kCases[] = {
      {"a: 1\nb: 2\na: 3\n", "line 3, column 1: member \"a\" is there twice"},
      {"a: 1\n---\nb: 2\n", "line 2, column 1: a second document"},
      {"a: [1\n", "line 2, column 1: "},
      {"a: b: c\n", "line 1, column 5: "},
      {"a:\n\t- b\n", "line 2, column 1: "},
      {"# nothing\n", "expected a document, found the end"},
      {"? [a]\n: b\n", "line 1, column 3: expected a name"},
      {"a: *x\n", "line 1, column 4: there is no anchor \"x\""},
      {"a: &x [*x]\n", "line 1, column 8: anchor \"x\" contains itself"},
      {"a: {<<: 5}\n", "expected an object or a list of them for \"<<\""},
      {"a: !!binary aGk=\n", "unknown tag \"tag:yaml.org,2002:binary\""},
      {"!Ref a: 1\n", "line 1, column 1: tag \"!Ref\" on a name"},
      {"a: \"\xFF\"\n", "byte 4: "},
      {"a: \x01\n", "byte 3: "},
  };
  for (const auto& c : kCases) {
    EXPECT_THAT(error_of(c.yaml), HasSubstr(c.message)) << c.yaml;
  }
}

TEST(ReadDocument, IsBounded) {
  const auto exhausted = [](std::string_view text,
                            const DocumentLimits& limits = {}) {
    const auto node = read_document(text, limits);
    EXPECT_TRUE(absl::IsResourceExhausted(node.status())) << node.status();
    return std::string(node.status().message());
  };
  EXPECT_THAT(exhausted(repeated("[", 65)), HasSubstr("levels"));
  EXPECT_THAT(exhausted("a: " + repeated("[", 65)), HasSubstr("64 levels"));
  EXPECT_TRUE(
      read_document("a: " + repeated("[", 63) + repeated("]", 63)).ok());
  DocumentLimits limits;
  limits.values = 10;
  EXPECT_TRUE(read_document("a: [1, 2, 3, 4, 5, 6, 7, 8]", limits).ok());
  EXPECT_THAT(exhausted("a: [1, 2, 3, 4, 5, 6, 7, 8, 9]", limits),
              StartsWith("line 1, column 29: YAML of more than 10 values"));
  EXPECT_THAT(exhausted("[1, 2, 3, 4, 5, 6, 7, 8, 9, 0]", limits),
              HasSubstr("10 values"));
  limits.bytes = 10;
  EXPECT_THAT(exhausted("a: 45678901", limits), HasSubstr("11 bytes"));
  EXPECT_THAT(exhausted("[          ]", limits), HasSubstr("12 bytes"));

  // Nested anchors that would expand to 9^9 values, or texts.
  std::string laughs = "a: &a [x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c <= 'i'; ++c) {
    const std::string before(1, static_cast<char>(c - 1));
    absl::StrAppend(&laughs, std::string(1, c), ": &", std::string(1, c), " [",
                    repeated("*" + before + ", ", 9), "]\n");
  }
  EXPECT_THAT(exhausted(laughs), HasSubstr("values"));
  std::string texts = "a: &a " + std::string(1 << 20, 'x') + "\nb: [";
  EXPECT_THAT(exhausted(texts + repeated("*a, ", 8) + "]\n"),
              HasSubstr("bytes in copies"));
  EXPECT_TRUE(read_document(texts + repeated("*a, ", 3) + "]\n").ok());
}

TEST(DocumentNode, ReadsNumbersFromTextToo) {
  const DocumentNode node = read(
      "a: '500'\nb: 5e2\nc: 0.5\nd: yes\ne: 1e300\nf: '9223372036854775807'\n"
      "g: 1e999\nh: ' 5'\n");
  EXPECT_EQ(node.find("a")->integer(), 500);
  EXPECT_EQ(node.find("b")->integer(), 500);
  EXPECT_EQ(node.find("c")->integer(), std::nullopt);
  EXPECT_EQ(node.find("c")->number(), 0.5);
  EXPECT_EQ(node.find("d")->number(), std::nullopt);
  EXPECT_EQ(node.find("e")->integer(), std::nullopt);
  EXPECT_EQ(node.find("f")->integer(), 9223372036854775807);
  EXPECT_EQ(node.find("g")->number(), std::nullopt);
  EXPECT_EQ(node.find("h")->integer(), std::nullopt);
  EXPECT_EQ(node.integer(), std::nullopt);
  EXPECT_EQ(node.find("z"), nullptr);
}

TEST(DocumentNode, HasPathsThatPeopleWrite) {
  EXPECT_EQ(member_path("", "Resources"), "Resources");
  EXPECT_EQ(member_path("Resources", "Gold"), "Resources.Gold");
  EXPECT_EQ(member_path(element_path("a.b", 0), "/pets/GET"),
            "a.b[0][\"/pets/GET\"]");
  EXPECT_EQ(member_path("", "Fn::If"), "[\"Fn::If\"]");
}

}  // namespace
}  // namespace weir
