// The interface of pointers and their limits. For syntax and semantics see
// rfc6901_test.cc.

#include "weir/patch/json_pointer.h"

#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace weir::patch {
namespace {

TEST(JsonPointer, IsItsSegments) {
  const JsonPointer pointer({"a/b", "0"});
  EXPECT_EQ(pointer, *JsonPointer::parse("/a~1b/0"));
  EXPECT_NE(pointer, *JsonPointer::parse("/a/b/0"));
  EXPECT_EQ(JsonPointer(), *JsonPointer::parse(""));
  EXPECT_NE(JsonPointer(), *JsonPointer::parse("/"));
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

TEST(ArrayIndex, IsReturnedWhateverTheSize) {
  EXPECT_EQ(*parse_array_index("0", 5), 0u);
  EXPECT_EQ(*parse_array_index("10", 5), 10u);
}

TEST(ArrayIndex, SaturatesWhenTooLarge) {
  EXPECT_EQ(*parse_array_index("99999999999999999999999999", 5),
            std::numeric_limits<size_t>::max());
}

}  // namespace
}  // namespace weir::patch
