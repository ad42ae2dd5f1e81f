#include "weir/http/headers.h"

#include <optional>

#include "gtest/gtest.h"
#include "weir/http/message.h"

namespace weir {
namespace {

TEST(Headers, AreFoundByName) {
  const HttpHeaders headers = {
      {"once", "1"}, {"twice", "2"}, {"twice", "3"}, {"empty", ""}};
  EXPECT_EQ(first_header(headers, "once"), "1");
  EXPECT_EQ(first_header(headers, "twice"), "2");
  EXPECT_EQ(first_header(headers, "empty"), "");
  EXPECT_EQ(first_header(headers, "never"), std::nullopt);
  EXPECT_EQ(single_header(headers, "once"), "1");
  EXPECT_EQ(single_header(headers, "twice"), "");
  EXPECT_EQ(single_header(headers, "empty"), "");
  EXPECT_EQ(single_header(headers, "never"), std::nullopt);
}

TEST(Headers, AreSetInPlaceOfAllOfTheirName) {
  HttpHeaders headers = {{"a", "1"}, {"b", "2"}, {"a", "3"}};
  set_header(headers, "a", "4");
  EXPECT_EQ(headers, (HttpHeaders{{"b", "2"}, {"a", "4"}}));
  set_header(headers, "c", "");
  EXPECT_EQ(headers, (HttpHeaders{{"b", "2"}, {"a", "4"}, {"c", ""}}));
}

}  // namespace
}  // namespace weir
