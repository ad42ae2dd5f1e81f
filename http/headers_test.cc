#include "http/headers.h"

#include <optional>

#include "gtest/gtest.h"
#include "http/message.h"

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

}  // namespace
}  // namespace weir
