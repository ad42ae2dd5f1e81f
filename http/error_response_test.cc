#include "weir/http/error_response.h"

#include <array>
#include <string>

#include "gtest/gtest.h"
#include "weir/http/headers.h"
#include "weir/http/message.h"

namespace weir {
namespace {

TEST(ErrorResponse, IsAsAwsClientsReadIt) {
  const HttpResponse response =
      error_response(404, "NotFoundException", "No \"such\" thing");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body, R"({"message":"No \"such\" thing"})");
  EXPECT_EQ(first_header(response.headers, "x-amzn-errortype"),
            "NotFoundException");
  EXPECT_EQ(first_header(response.headers, "retry-after"), std::nullopt);
}

// Each of 1 to 5 seconds as often, or clients would return together.
TEST(ErrorResponse, SpreadsThoseWhoAreToComeAgain) {
  constexpr int kAnswers = 5'000;
  std::array<int, kMostOverloadRetryAfter> counts = {};
  for (int i = 0; i < kAnswers; ++i) {
    const HttpResponse response =
        error_response(i % 2 == 0 ? 429 : 503, "Type", "text");
    const std::string wait(*first_header(response.headers, "retry-after"));
    ASSERT_EQ(wait.size(), 1u);
    ASSERT_GE(wait[0], '1');
    ASSERT_LE(wait[0], '5');
    ++counts[wait[0] - '1'];
  }
  // 1,000 of each, by more than ten standard deviations.
  for (const int count : counts) {
    EXPECT_GT(count, 700);
    EXPECT_LT(count, 1300);
  }
}

}  // namespace
}  // namespace weir
