#include "gateway/end_to_end.h"

#include <string>

#include "gtest/gtest.h"

namespace weir {
namespace {

TEST(EndToEndHeaders, KeepTheirOrderAndRepetitions) {
  const HttpHeaders headers = {
      {"accept", "a"}, {"cookie", "x=1"}, {"accept", "b"}, {"x-empty", ""}};
  EXPECT_EQ(end_to_end_headers(headers), headers);
}

TEST(EndToEndHeaders, LeaveOutWhatIsForOneConnection) {
  for (const char* name :
       {"connection", "keep-alive", "proxy-connection", "proxy-authenticate",
        "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade",
        "content-length"}) {
    EXPECT_EQ(end_to_end_headers({{name, "x"}, {"accept", "a"}}),
              (HttpHeaders{{"accept", "a"}}))
        << name;
  }
}

TEST(EndToEndHeaders, LeaveOutWhatConnectionNames) {
  EXPECT_EQ(end_to_end_headers({{"x-one", "1"},
                                {"connection", "close, X-One"},
                                {"connection", " ,x-two ;,\tx-Three"},
                                {"x-two", "2"},
                                {"x-three", "3"},
                                {"x-four", "4"}}),
            (HttpHeaders{{"x-two", "2"}, {"x-four", "4"}}));
}

TEST(EndToEndHeaders, LeaveOutWhatIsNoHeader) {
  for (const char* name :
       {"", "x y", "x:y", "x\r\ny", "transfer-encoding ", "\tx", "x\xC3\xA9"}) {
    EXPECT_TRUE(end_to_end_headers({{name, "1"}}).empty()) << name;
  }
  for (const std::string value :
       {"a\r\nx: y", "a\nb", "a\rb", "\x7f", "\x01"}) {
    EXPECT_TRUE(end_to_end_headers({{"x", value}}).empty()) << value;
  }
  EXPECT_TRUE(end_to_end_headers({{"x", std::string("a\0b", 3)}}).empty());
  EXPECT_EQ(end_to_end_headers({{"x", "a\tb caf\xC3\xA9 \xE9"}}).size(), 1u);
}

TEST(JoinedValues, AreInTheirOrder) {
  const HttpHeaders headers = {{"via", "1.1 a"}, {"x", "y"}, {"via", "1.0 b"}};
  EXPECT_EQ(joined_values(headers, "via"), "1.1 a, 1.0 b");
  EXPECT_EQ(joined_values(headers, "z"), "");
}

}  // namespace
}  // namespace weir
