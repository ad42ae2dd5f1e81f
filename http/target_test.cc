#include "weir/http/target.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

using Strings = std::vector<std::string>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST(PercentDecoded, ReadsBytesAndRefusesHalfOnes) {
  EXPECT_EQ(*percent_decoded("a%2Fb%3d%C3%a4+"), "a/b=\xC3\xA4+");
  EXPECT_EQ(*percent_decoded("%25%32%35"), "%25") << "once only";
  EXPECT_EQ(*percent_decoded(""), "");
  for (int byte = 0; byte < 256; ++byte) {
    constexpr char kUpper[] = "0123456789ABCDEF", kLower[] = "0123456789abcdef";
    for (const char* const digits : {kUpper, kLower}) {
      const std::string text = {'%', digits[byte / 16], digits[byte % 16]};
      const auto decoded = percent_decoded(text);
      ASSERT_TRUE(decoded.ok()) << text;
      EXPECT_EQ(*decoded, std::string(1, static_cast<char>(byte))) << text;
    }
  }
  for (const char* bad : {"%", "a%2", "%2g", "%g2", "%%41"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(percent_decoded(bad).status())) << bad;
  }
}

TEST(PercentEncoded, KeepsWhatIsUnreserved) {
  EXPECT_EQ(percent_encoded("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encoded("a/b c+\xC3\xA4=*"), "a%2Fb%20c%2B%C3%A4%3D%2A");
  EXPECT_EQ(percent_encoded("/a/b c", /*slashes_kept=*/true), "/a/b%20c");
}

TEST(ParseTarget, DividesBeforeItDecodes) {
  const std::string text =
      "/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Fusageplans%2Fw0mvrr"
      "?tagKeys=a%26b&tagKeys=c%3D&flag&empty=&=nameless&&x=1=2";
  const auto target = parse_target(text);
  ASSERT_TRUE(target.ok()) << target.status();
  EXPECT_EQ(
      target->segments,
      (Strings{"tags", "arn:aws:apigateway:us-east-1::/usageplans/w0mvrr"}));
  EXPECT_EQ(target->parameters, (Pairs{{"tagKeys", "a&b"},
                                       {"tagKeys", "c="},
                                       {"flag", ""},
                                       {"empty", ""},
                                       {"", "nameless"},
                                       {"x", "1=2"}}));
  EXPECT_EQ(target->parameter("tagKeys"), "a&b");
  EXPECT_EQ(target->parameter("tagkeys"), std::nullopt);
  EXPECT_EQ(target->raw_query.substr(0, 12), "tagKeys=a%26");
}

TEST(ParseTarget, KeepsEmptySegments) {
  EXPECT_EQ(parse_target("/")->segments, (Strings{""}));
  EXPECT_EQ(parse_target("//")->segments, (Strings{"", ""}));
  EXPECT_EQ(parse_target("/a/")->segments, (Strings{"a", ""}));
  EXPECT_EQ(parse_target("/a//b?")->segments, (Strings{"a", "", "b"}));
  EXPECT_EQ(parse_target("/a?b?c")->raw_query, "b?c");
}

TEST(ParseTarget, RefusesWhatIsNoText) {
  for (const char* bad :
       {"", "usageplans", "*", "http://host/", "/%00", "/a%0Ab", "/%ff", "/%C3",
        "/a?x=%80", "/a?%01=x", "/a?x=%"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(parse_target(bad).status())) << bad;
  }
}

}  // namespace
}  // namespace weir
