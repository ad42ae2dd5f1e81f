#include "patch/json_pointer.h"

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

using Segments = std::vector<std::string>;

struct Example {
  std::string_view text;
  Segments segments;
};

class JsonPointerExamples : public testing::TestWithParam<Example> {};

TEST_P(JsonPointerExamples, ParseAndPrintAgain) {
  auto pointer = JsonPointer::parse(GetParam().text);
  ASSERT_TRUE(pointer.ok()) << pointer.status();
  EXPECT_EQ(pointer->segments(), GetParam().segments);
  EXPECT_EQ(pointer->to_string(), GetParam().text);
  EXPECT_EQ(JsonPointer(GetParam().segments), *pointer);
}

INSTANTIATE_TEST_SUITE_P(
    Rfc6901, JsonPointerExamples,
    testing::Values(Example{"", {}},                  // the document
                    Example{"/", {""}},               // an empty name
                    Example{"//", {"", ""}},          //
                    Example{"/a/", {"a", ""}},        //
                    Example{"/foo/0", {"foo", "0"}},  //
                    Example{"/a~1b", {"a/b"}},        //
                    Example{"/m~0n", {"m~n"}},        //
                    Example{"/~01", {"~1"}},          // not "/"
                    Example{"/~00", {"~0"}},          //
                    Example{"/~1~1", {"//"}},         //
                    Example{"/c%d", {"c%d"}},         // no URI decoding
                    Example{"/e^f", {"e^f"}},         //
                    Example{"/g|h", {"g|h"}},         //
                    Example{"/i\\j", {"i\\j"}},       // no string escapes
                    Example{"/k\"l", {"k\"l"}},       //
                    Example{"/ ", {" "}},             //
                    Example{"/\xC3\xA9", {"\xC3\xA9"}}));

TEST(JsonPointer, KeepsTheZeroByte) {
  using namespace std::string_literals;
  auto pointer = JsonPointer::parse("/a\0b"s);
  ASSERT_TRUE(pointer.ok());
  EXPECT_EQ(pointer->segments(), Segments{"a\0b"s});
}

TEST(JsonPointer, RefusesWhatIsNoPointer) {
  for (std::string_view text :
       {"a", "a/b", "#/a", " /a", "/~", "/a~", "/~2", "/~~0", "/~/0", "/a/~x/b",
        "/\xFF", "/\xC0\x80", "/\xED\xA0\x80"}) {
    auto pointer = JsonPointer::parse(text);
    EXPECT_EQ(pointer.status().code(), absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(JsonPointer, IsBoundedInBytes) {
  const std::string longest =
      "/" + std::string(JsonPointer::kMaxBytes - 1, 'x');
  EXPECT_TRUE(JsonPointer::parse(longest).ok());
  EXPECT_EQ(JsonPointer::parse(longest + "x").status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(JsonPointer::parse("/ab", 3).ok());
  EXPECT_FALSE(JsonPointer::parse("/abc", 3).ok());
}

TEST(JsonPointer, IsBoundedInDepth) {
  const std::string deepest(JsonPointer::kMaxDepth, '/');
  EXPECT_TRUE(JsonPointer::parse(deepest).ok());
  EXPECT_EQ(JsonPointer::parse(deepest + "/").status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(JsonPointer::parse("/a/b", 100, 2).ok());
  EXPECT_FALSE(JsonPointer::parse("/a/b/c", 100, 2).ok());
}

TEST(ArrayIndex, ReadsDigits) {
  EXPECT_EQ(*parse_array_index("0", 5), 0u);
  EXPECT_EQ(*parse_array_index("4", 5), 4u);
  EXPECT_EQ(*parse_array_index("10", 5), 10u);
}

TEST(ArrayIndex, DashIsPastTheLast) {
  EXPECT_EQ(*parse_array_index("-", 0), 0u);
  EXPECT_EQ(*parse_array_index("-", 5), 5u);
}

TEST(ArrayIndex, SaturatesWhenTooLarge) {
  EXPECT_EQ(*parse_array_index("99999999999999999999999999", 5),
            std::numeric_limits<size_t>::max());
}

TEST(ArrayIndex, RefusesOtherSpellings) {
  for (std::string_view text : {"", "00", "01", "-1", "+1", " 1", "1 ", "1.0",
                                "1e0", "0x1", "a", "--", "\xD9\xA1"}) {
    EXPECT_EQ(parse_array_index(text, 5).status().code(),
              absl::StatusCode::kInvalidArgument)
        << text;
  }
}

}  // namespace
}  // namespace weir
