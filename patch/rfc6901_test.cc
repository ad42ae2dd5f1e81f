// RFC 6901, JSON Pointer, in the order of its sections. Evaluation is tested
// through the operations of a patch.

#include <limits>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "google/protobuf/struct.pb.h"
#include "gtest/gtest.h"
#include "weir/json/json_reader.h"
#include "weir/patch/json_patch.h"
#include "weir/patch/json_pointer.h"
#include "weir/patch/testing/test_json.h"
#include "weir/proto/patch_operation.pb.h"

namespace weir::patch {
namespace {

using namespace std::string_literals;
using ::google::protobuf::Value;
using Segments = std::vector<std::string>;

absl::StatusCode parse_code(std::string_view text) {
  return JsonPointer::parse(text).status().code();
}

absl::Status test(const Value& document, const std::string& pointer,
                  const Value& value) {
  v1::PatchOperation operation;
  operation.set_op("test");
  operation.set_path(pointer);
  *operation.mutable_value() = value;
  Value copy = document;
  return apply_operation(operation, &copy);
}

// Expects that `pointer` leads to `value`, and to nothing else.
void expect_value(const std::string& document, const std::string& pointer,
                  const std::string& value) {
  const Value parsed = from_json(document);
  const absl::Status status = test(parsed, pointer, from_json(value));
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(test(parsed, pointer, from_json(R"("another")")).code(),
            absl::StatusCode::kFailedPrecondition);
}

absl::Status evaluation_error(const std::string& document,
                              const std::string& pointer) {
  return test(from_json(document), pointer, from_json("null"));
}

// Section 3: syntax

struct Example {
  std::string text;
  Segments segments;
};

class Section3Syntax : public testing::TestWithParam<Example> {};

TEST_P(Section3Syntax, ReadsAndWrites) {
  const auto pointer = JsonPointer::parse(GetParam().text);
  ASSERT_TRUE(pointer.ok()) << pointer.status();
  EXPECT_EQ(pointer->segments(), GetParam().segments);
  EXPECT_EQ(JsonPointer(GetParam().segments).to_string(), GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(TokensEachAfterASlash, Section3Syntax,
                         testing::Values(Example{"", {}},            //
                                         Example{"/", {""}},         //
                                         Example{"//", {"", ""}},    //
                                         Example{"/a", {"a"}},       //
                                         Example{"/a/", {"a", ""}},  //
                                         Example{"//a", {"", "a"}},  //
                                         Example{"/a/0/-/01",
                                                 {"a", "0", "-", "01"}}));

INSTANTIATE_TEST_SUITE_P(TildeAndSlashEscaped, Section3Syntax,
                         testing::Values(Example{"/~0", {"~"}},      //
                                         Example{"/~1", {"/"}},      //
                                         Example{"/a~1b", {"a/b"}},  //
                                         Example{"/m~0n", {"m~n"}},  //
                                         Example{"/~1~1", {"//"}},   //
                                         Example{"/~0~1", {"~/"}},   //
                                         Example{"/~0/~1", {"~", "/"}}));

INSTANTIATE_TEST_SUITE_P(
    UnicodeUnescaped, Section3Syntax,
    testing::Values(Example{"/\xC2\x80", {"\xC2\x80"}},          // U+0080
                    Example{"/\xDF\xBF", {"\xDF\xBF"}},          // U+07FF
                    Example{"/\xE0\xA0\x80", {"\xE0\xA0\x80"}},  // U+0800
                    Example{"/\xEF\xBF\xBF", {"\xEF\xBF\xBF"}},  // U+FFFF
                    Example{"/\xF0\x90\x80\x80", {"\xF0\x90\x80\x80"}},
                    Example{"/\xF4\x8F\xBF\xBF", {"\xF4\x8F\xBF\xBF"}}));

TEST(Section3, EveryOtherCharacterStandsForItself) {
  for (int c = 0; c < 0x80; ++c) {
    if (c == '/' || c == '~') continue;
    const std::string name(1, static_cast<char>(c));
    const auto pointer = JsonPointer::parse("/" + name);
    ASSERT_TRUE(pointer.ok()) << c;
    EXPECT_EQ(pointer->segments(), Segments{name});
    EXPECT_EQ(pointer->to_string(), "/" + name);
  }
}

TEST(Section3, TheGrammarIsTheWholeSyntax) {
  // Every text of up to six of these characters, against the grammar.
  const std::regex grammar("(/([^/~]|~[01])*)*");
  constexpr std::string_view kAlphabet = "/~01a";
  std::vector<std::string> texts = {""};
  int valid = 0;
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto pointer = JsonPointer::parse(texts[i]);
    ASSERT_EQ(pointer.ok(), std::regex_match(texts[i], grammar)) << texts[i];
    if (pointer.ok()) {
      ++valid;
      ASSERT_EQ(pointer->to_string(), texts[i]);
    } else {
      ASSERT_EQ(pointer.status().code(), absl::StatusCode::kInvalidArgument);
    }
    if (texts[i].size() == 6) continue;
    for (const char c : kAlphabet) texts.push_back(texts[i] + c);
  }
  EXPECT_GT(valid, 1000);
}

TEST(Section3, IsAStringOfUnicodeCharacters) {
  for (const std::string_view text :
       {"/\xFF", "/\x80", "/\xC3", "/\xC0\x80", "/\xED\xA0\x80",
        "/\xF4\x90\x80\x80", "/a/\xE2\x82"}) {
    EXPECT_EQ(parse_code(text), absl::StatusCode::kInvalidArgument) << text;
  }
}

// Section 4: evaluation

TEST(Section4, BeginsAtTheRoot) {
  for (const char* document : {"null", "true", "7", R"("x")", "[1]", "{}"}) {
    expect_value(document, "", document);
  }
}

TEST(Section4, EvaluatesTokensInOrder) {
  expect_value(R"({"a":{"b":[0,{"c":"x"}]},"b":1,"c":2})", "/a/b/1/c",
               R"("x")");
}

TEST(Section4, DecodesSlashesBeforeTildes) {
  constexpr char kDocument[] = R"({"~1":1,"/":2,"~01":3,"~":4,"~0":5})";
  expect_value(kDocument, "/~01", "1");
  expect_value(kDocument, "/~1", "2");
  expect_value(kDocument, "/~001", "3");
  expect_value(kDocument, "/~0", "4");
  expect_value(kDocument, "/~00", "5");
}

TEST(Section4, ComparesMemberNamesByCodePoint) {
  // One letter composed, and one of two characters: never the same name.
  constexpr char kDocument[] = R"({"\u00e9":1,"e\u0301":2,"E":3})";
  expect_value(kDocument, "/\xC3\xA9", "1");
  expect_value(kDocument, "/e\xCC\x81", "2");
  expect_value(kDocument, "/E", "3");
  for (const char* pointer : {"/e", "/E ", "/ E", "/\xC3\x89"}) {
    EXPECT_TRUE(absl::IsNotFound(evaluation_error(kDocument, pointer)))
        << pointer;
  }
}

TEST(Section4, TakesAnyTokenForANameInAnObject) {
  constexpr char kDocument[] = R"({"0":1,"-":2,"01":3,"-1":4,"":5,"1e0":6})";
  expect_value(kDocument, "/0", "1");
  expect_value(kDocument, "/-", "2");
  expect_value(kDocument, "/01", "3");
  expect_value(kDocument, "/-1", "4");
  expect_value(kDocument, "/", "5");
  expect_value(kDocument, "/1e0", "6");
}

TEST(Section4, NamesInAnObjectAreUnique) {
  // A duplicate name references nothing; such a text is not a document.
  EXPECT_EQ(parse_json(R"({"a":1,"a":1})").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(parse_json(R"({"a":1,"\u0061":2})").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(Section4, CountsElementsFromZero) {
  constexpr char kDocument[] = "[0,1,2,3,4,5,6,7,8,9,10]";
  expect_value(kDocument, "/0", "0");
  expect_value(kDocument, "/9", "9");
  expect_value(kDocument, "/10", "10");
  EXPECT_TRUE(absl::IsNotFound(evaluation_error(kDocument, "/11")));
  EXPECT_TRUE(absl::IsNotFound(evaluation_error("[]", "/0")));
}

TEST(Section4, TakesNoOtherTokenForAnIndex) {
  for (const std::string& token :
       {""s,    "00"s,  "01"s,  "-1"s,  "+1"s,       " 1"s,      "1 "s,
        "1.0"s, "1e0"s, "0x1"s, "a"s,   "--"s,       "-0"s,      "1,"s,
        "1\0"s, "\t1"s, "1\n"s, "0b1"s, "\xD9\xA1"s, "\xC2\xB9"s}) {
    EXPECT_EQ(parse_array_index(token, 5).status().code(),
              absl::StatusCode::kInvalidArgument)
        << token;
    const absl::Status error = evaluation_error("[5,6,7]", "/" + token);
    EXPECT_TRUE(absl::IsInvalidArgument(error)) << error;
  }
}

TEST(Section4, IndicesOfAnyLengthAreNumbers) {
  // None of them wraps around to an element.
  for (const char* index :
       {"4294967296", "2147483648", "18446744073709551615",
        "18446744073709551616", "340282366920938463463374607431768211456"}) {
    const absl::Status error =
        evaluation_error("[1]", std::string("/") + index);
    EXPECT_TRUE(absl::IsNotFound(error)) << error;
  }
}

TEST(Section4, DashIsTheElementAfterTheLast) {
  EXPECT_EQ(*parse_array_index("-", 0), 0u);
  EXPECT_EQ(*parse_array_index("-", 5), 5u);
  for (const char* document : {"[]", "[1]", "[null,[]]"}) {
    EXPECT_TRUE(absl::IsNotFound(evaluation_error(document, "/-")));
    EXPECT_TRUE(absl::IsNotFound(evaluation_error(document, "/-/0")));
  }
}

TEST(Section4, FailsAtATokenWithoutAValue) {
  for (const char* scalar : {"null", "true", "0", "\"01\"", "\"\""}) {
    for (const char* token : {"/", "/0", "/-", "/a", "/length"}) {
      EXPECT_TRUE(absl::IsNotFound(evaluation_error(scalar, token)))
          << scalar << token;
    }
  }
}

TEST(Section4, StopsAtTheFirstTokenThatFails) {
  const auto first_failure = [](const char* pointer) {
    return std::string(
        evaluation_error(R"({"a":[{"b":1}]})", pointer).message());
  };
  using absl::StrContains;
  EXPECT_TRUE(StrContains(first_failure("/x/a/0/b"), R"(segment 0 "x")"));
  EXPECT_TRUE(StrContains(first_failure("/a/x/b/c"), R"(segment 1 "x")"));
  EXPECT_TRUE(StrContains(first_failure("/a/1/01/c"), R"(segment 1 "1")"));
  EXPECT_TRUE(StrContains(first_failure("/a/0/c/d"), R"(segment 2 "c")"));
  EXPECT_TRUE(StrContains(first_failure("/a/0/b/d/e"), R"(segment 3 "d")"));
}

// Section 5: JSON strings

constexpr char kSection5Document[] = R"({
  "foo": ["bar", "baz"],
  "": 0,
  "a/b": 1,
  "c%d": 2,
  "e^f": 3,
  "g|h": 4,
  "i\\j": 5,
  "k\"l": 6,
  " ": 7,
  "m~n": 8
})";

TEST(Section5, Examples) {
  // Each as the JSON string of the RFC's table.
  const std::vector<std::pair<const char*, const char*>> examples = {
      {R"("")", kSection5Document},
      {R"("/foo")", R"(["bar","baz"])"},
      {R"("/foo/0")", R"("bar")"},
      {R"("/")", "0"},
      {R"("/a~1b")", "1"},
      {R"("/c%d")", "2"},
      {R"("/e^f")", "3"},
      {R"("/g|h")", "4"},
      {R"("/i\\j")", "5"},
      {R"("/k\"l")", "6"},
      {R"("/ ")", "7"},
      {R"("/m~0n")", "8"}};
  for (const auto& [pointer, value] : examples) {
    expect_value(kSection5Document, from_json(pointer).string_value(), value);
  }
}

TEST(Section5, StringEscapesAreReadBeforeThePointer) {
  EXPECT_EQ(parse_json(R"("\/foo\u002F\u0030")")->string_value(), "/foo/0");
  // The pointer itself has no backslash escapes.
  EXPECT_TRUE(
      absl::IsNotFound(evaluation_error(kSection5Document, R"(/i\\j)")));
  EXPECT_TRUE(
      absl::IsNotFound(evaluation_error(kSection5Document, R"(/\u0020)")));
}

// Section 6: URI fragments, which the pointers of a patch are not.

TEST(Section6, FragmentsAreNoPointers) {
  for (const char* text : {"#", "#/foo", "#/c%25d"}) {
    EXPECT_EQ(parse_code(text), absl::StatusCode::kInvalidArgument);
  }
  for (const char* pointer : {"/c%25d", "/%20", "/e%5Ef", "/a%2Fb"}) {
    EXPECT_TRUE(absl::IsNotFound(evaluation_error(kSection5Document, pointer)))
        << pointer;
  }
}

// Section 7: errors

TEST(Section7, SyntaxErrorsAreNotMissingValues) {
  EXPECT_TRUE(absl::IsInvalidArgument(evaluation_error("{}", "a")));
  EXPECT_TRUE(absl::IsInvalidArgument(evaluation_error("{}", "/~2")));
  EXPECT_TRUE(absl::IsNotFound(evaluation_error("{}", "/a")));
  // A malformed pointer is not evaluated at all.
  EXPECT_TRUE(absl::IsInvalidArgument(evaluation_error("{}", "/a/~")));
}

// Section 8: security

TEST(Section8, ZeroCharactersEndNothing) {
  const auto pointer = JsonPointer::parse("/a\0b"s);
  ASSERT_TRUE(pointer.ok());
  EXPECT_EQ(pointer->segments(), Segments{"a\0b"s});
  EXPECT_EQ(pointer->to_string(), "/a\0b"s);
  constexpr char kDocument[] = R"({"a":1,"a\u0000b":2,"a\u0000":3})";
  expect_value(kDocument, "/a", "1");
  expect_value(kDocument, "/a\0b"s, "2");
  expect_value(kDocument, "/a\0"s, "3");
  EXPECT_TRUE(absl::IsNotFound(evaluation_error(kDocument, "/\0a"s)));
}

}  // namespace
}  // namespace weir::patch
